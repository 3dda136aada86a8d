// Each input has its own time.
// expect: union_of needs: behind its pipelines no other option than max_lag
#include "trades.hpp"

int main() {
    auto p = union_of(from<trade>("a"), from<trade>("b"),
#ifdef MUST_FAIL
                      disorder{1s}
#else
                      max_lag{1s}
#endif
                      ) |
             publish("all");
}
