// A detector by detect follows records.
// expect: detect needs: records, from a process before it
#include "trades.hpp"

int main() {
    auto p = from<trade>("t") | key_by(&trade::symbol)
#ifdef MUST_FAIL
             | detect<ewma_zscore<&trade::price>>();
#else
             | process<mean<&trade::price>>() | detect<ewma_zscore<at<"mean">>>();
#endif
}
