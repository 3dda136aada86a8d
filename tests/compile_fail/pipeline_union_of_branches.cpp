// The branches of a tee do not meet again.
// expect: union_of needs: pipelines, each of which begins with from
#include "trades.hpp"

int main() {
    const auto is_low = [](const trade& t) { return t.price < 1; };
    const auto is_high = [](const trade& t) { return t.price > 9; };
    auto source = from<trade>("a");
#ifdef MUST_FAIL
    auto p = source | union_of(filter(is_low), filter(is_high));
#else
    auto p = source | tee(filter(is_low) | publish("low"), filter(is_high) | publish("high"));
#endif
}
