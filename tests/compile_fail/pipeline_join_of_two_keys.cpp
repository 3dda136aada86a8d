// Keys of two types never meet.
// expect: join needs: keys of one type on both sides, by key_by, or none on both
#include "trades.hpp"

#include <millrace/pipeline/interval_join.hpp>

int main() {
    auto a = from<trade>("a") | key_by(&trade::symbol),
         b = from<trade>("b") | key_by(&trade::symbol);
    const auto joined = [](const trade& x, const trade&) { return x; };
#ifdef MUST_FAIL
    auto p = interval_join(
        a, from<trade>("c") | key_by("size", [](const trade& t) { return int(t.price); }),
        between{0s, 5s}, drop_late, joined);
#else
    auto p = interval_join(a, b, between{0s, 5s}, drop_late, joined);
#endif
}
