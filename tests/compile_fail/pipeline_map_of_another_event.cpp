// A map takes the stream's event.
// expect: map needs: a function of the stream
#include "trades.hpp"

#ifdef MUST_FAIL
using event = std::string;
#else
using event = trade;
#endif
int main() {
    auto p = from<trade>("t") | map([](const event& e) { return e; });
}
