// How far events are out of order is said where they come in.
// expect: disorder, idle_timeout and per_key are options of from
#include "trades.hpp"

int main() {
    auto p = from<trade>("t") |
             window(tumbling{1s}, drop_late
#ifdef MUST_FAIL
                    ,
                    disorder{1s}
#endif
                    ) |
             process<count>();
}
