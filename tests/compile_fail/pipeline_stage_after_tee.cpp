// Nothing follows a tee.
// expect: tee needs: to be the last stage
#include "trades.hpp"

int main() {
    auto p = from<trade>("t") |
             tee(process<count>() | publish("a"), process<mean<&trade::price>>() | publish("b"))
#ifdef MUST_FAIL
             | publish("c")
#endif
        ;
}
