// Events count as they come, so that none is late.
// expect: window by count needs: its own options
#include <millrace/windows/by_count.hpp>

#include "trades.hpp"

int main() {
    auto p = from<trade>("t") |
             window(tumbling_count{100}
#ifdef MUST_FAIL
                    ,
                    drop_late
#endif
                    ) |
             process<count>();
}
