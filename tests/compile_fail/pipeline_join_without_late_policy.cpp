// A join that does not say where late events go.
// expect: join needs: where late events go; add one of drop_late,
#include "trades.hpp"

#include <millrace/pipeline/interval_join.hpp>

int main() {
    auto a = from<trade>("a") | key_by(&trade::symbol),
         b = from<trade>("b") | key_by(&trade::symbol);
    const auto joined = [](const trade& x, const trade&) { return x; };
#ifdef MUST_FAIL
    auto p = interval_join(a, b, between{0s, 5s}, joined);
#else
    auto p = interval_join(a, b, between{0s, 5s}, drop_late, joined);
#endif
}
