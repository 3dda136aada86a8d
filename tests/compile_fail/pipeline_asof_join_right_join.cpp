// There is no right event without a left one.
// expect: asof_join needs: before its function no other options than within, asof::backward,
#include "trades.hpp"

#include <millrace/pipeline/asof_join.hpp>

int main() {
    auto a = from<trade>("a") | key_by(&trade::symbol),
         b = from<trade>("b") | key_by(&trade::symbol);
    const auto joined = [](const trade& x, const trade&) { return x; };
#ifdef MUST_FAIL
    auto p = asof_join(a, b, right_join, drop_late, joined);
#else
    auto p = asof_join(a, b, inner_join, drop_late, joined);
#endif
}
