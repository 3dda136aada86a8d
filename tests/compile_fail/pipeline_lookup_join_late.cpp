// A table knows no time, so nothing is late.
// expect: lookup_join needs: before its function no other options than left_join, inner_join, deleted_when,
#include "trades.hpp"

#include <millrace/pipeline/lookup_join.hpp>

int main() {
    auto a = from<trade>("a") | key_by(&trade::symbol),
         b = from<trade>("b") | key_by(&trade::symbol);
    const auto joined = [](const trade& x, const trade&) { return x; };
#ifdef MUST_FAIL
    auto p = lookup_join(a, b, inner_join, drop_late, joined);
#else
    auto p = lookup_join(a, b, inner_join, joined);
#endif
}
