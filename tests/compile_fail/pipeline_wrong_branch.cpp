// The branches of a tee are checked as well.
// expect: filter needs: a predicate bool(const Event&)
#include "trades.hpp"

#ifdef MUST_FAIL
using event = std::string;
#else
using event = trade;
#endif
int main() {
    auto p = from<trade>("t") |
             tee(publish("all"), filter([](const event&) { return true; }) | publish("some"));
}
