// A filter takes the stream's event.
// expect: filter needs: a predicate bool(const Event&)
#include "trades.hpp"

#ifdef MUST_FAIL
using event = std::string;
#else
using event = trade;
#endif
int main() {
    auto p = from<trade>("t") | filter([](const event&) { return true; });
}
