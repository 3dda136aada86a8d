// Results are put in order by their key.
// expect: parallel needs: where it is ordered, what comes out to have a key
#include "trades.hpp"

#include <millrace/pipeline/parallel.hpp>

int main() {
    auto keyed = from<trade>("t") | key_by(&trade::symbol);
    const auto price = map([](const trade& one) { return one.price; });
#ifdef MUST_FAIL
    auto p = keyed | parallel(2, ordered, price);
#else
    auto p = keyed | parallel(2, price);
#endif
}
