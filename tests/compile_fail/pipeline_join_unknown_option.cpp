// An option of the sources.
// expect: join needs: before its function no other options than inner_join, left_join,
#include "trades.hpp"

#include <millrace/pipeline/interval_join.hpp>

int main() {
    auto a = from<trade>("a") | key_by(&trade::symbol),
         b = from<trade>("b") | key_by(&trade::symbol);
    const auto joined = [](const trade& x, const trade&) { return x; };
#ifdef MUST_FAIL
    auto p = interval_join(a, b, between{0s, 5s}, drop_late, disorder{1s}, joined);
#else
    auto p = interval_join(a, b, between{0s, 5s}, drop_late, lateness{1s}, joined);
#endif
}
