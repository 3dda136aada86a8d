// What a pipeline gives is taken by somebody.
// expect: start needs: a function of what the pipeline gives
#include "trades.hpp"

int main() {
    auto running = start(from<trade>("t") | window(tumbling{1s}, drop_late) | process<count>(),
#ifdef MUST_FAIL
                         [](const trade&) {}
#else
                         [](const auto&) {}
#endif
    );
}
