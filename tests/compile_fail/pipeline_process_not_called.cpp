// What makes a stage is called.
// expect: | needs: a stage behind it, which derives from millrace::stage; what makes one is called
#include "trades.hpp"

int main() {
    auto p = from<trade>("t") | window(tumbling{1s}, drop_late) |
#ifdef MUST_FAIL
             process<count>;
#else
             process<count>();
#endif
}
