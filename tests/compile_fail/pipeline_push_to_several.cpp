// An event goes to one of several sources.
// expect: push needs: one of the pipeline's sources, such as running.source<0>()
#include "trades.hpp"

int main() {
    auto running = start(union_of(from<trade>("a"), from<trade>("b")), [](const auto&) {});
#ifdef MUST_FAIL
    running.push(trade{"A", 1, {}});
#else
    running.source<0>().push(trade{"A", 1, {}});
#endif
}
