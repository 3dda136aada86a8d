// A map gives events without a key.
// expect: parallel needs: the key that is before it for all of its stages
#include "trades.hpp"

#include <millrace/pipeline/parallel.hpp>

int main() {
    auto keyed = from<trade>("t") | key_by(&trade::symbol);
    const auto price =
        map([](const trade& one) { return named_value<"price", double>{one.price}; });
#ifdef MUST_FAIL
    auto p = keyed | parallel(2, price | process<count>());
#else
    auto p = keyed | parallel(2, price) | process<count>();
#endif
}
