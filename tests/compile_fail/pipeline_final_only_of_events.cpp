// Only records say whether they are final.
// expect: final_only needs: records, from a process before it
#include "trades.hpp"

int main() {
    auto p = from<trade>("t") |
#ifndef MUST_FAIL
             process<count>() |
#endif
             final_only();
}
