// A window is for the process behind it.
// expect: window needs: a process behind it
#include "trades.hpp"

int main() {
    auto running = start(from<trade>("t") | window(tumbling{1s}, drop_late)
#ifndef MUST_FAIL
                         | process<count>()
#endif
    );
}
