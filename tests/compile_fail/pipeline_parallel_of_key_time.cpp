// Each loop is told the time of all.
// expect: parallel needs: a watermark that holds for all keys
#include "trades.hpp"

#include <millrace/pipeline/parallel.hpp>

int main() {
#ifdef MUST_FAIL
    auto source = from<trade>("t", per_key(&trade::symbol));
#else
    auto source = from<trade>("t", by_producer{});
#endif
    auto p = source | key_by(&trade::symbol) | parallel(2, process<count>());
}
