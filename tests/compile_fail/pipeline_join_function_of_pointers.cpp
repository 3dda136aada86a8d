// What may be missing is no reference.
// expect: join needs: as its last argument a function of both events that gives one, const; an event that may be missing comes as a pointer
#include "trades.hpp"

#include <millrace/pipeline/interval_join.hpp>

int main() {
    auto a = from<trade>("a") | key_by(&trade::symbol),
         b = from<trade>("b") | key_by(&trade::symbol);
    const auto joined = [](const trade& x, const trade&) { return x; };
#ifdef MUST_FAIL
    auto p = interval_join(a, b, between{0s, 5s}, left_join, drop_late, joined);
#else
    auto p = interval_join(a, b, between{0s, 5s}, inner_join, drop_late, joined);
#endif
}
