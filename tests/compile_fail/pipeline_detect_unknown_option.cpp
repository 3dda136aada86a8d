// What detect takes are limits of keys, besides its storage's options.
// expect: detect needs: behind its storage's options max_keys, evict_least_recent or refuse_new_keys
#include <millrace/analyzers/ewma_zscore.hpp>

#include "trades.hpp"

int main() {
    auto p = from<trade>("t") | key_by(&trade::symbol) | process<count>() |
             detect<ewma_zscore<at<"count">>>(
#ifdef MUST_FAIL
                 drop_late
#endif
             );
}
