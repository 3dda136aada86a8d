// A source alone is behind no other.
// expect: from needs: max_lag behind the inputs of union_of, or in by_producer{.max_lag = 5min}
#include "trades.hpp"

int main() {
    auto p = from<trade>("t",
#ifdef MUST_FAIL
                         max_lag{5min}
#else
                         by_producer{.max_lag = 5min}
#endif
                         ) |
             publish("all");
}
