// An option of windows does not stand in from.
// expect: from needs: options of time, or codec_limits
#include "trades.hpp"

int main() {
    auto p = from<trade>("t"
#ifdef MUST_FAIL
                         ,
                         lateness{1s}
#endif
                         ) |
             publish("all");
}
