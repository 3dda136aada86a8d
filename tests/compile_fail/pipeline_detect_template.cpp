// Nor is a template a detector; that is said of each.
// expect: process and detect need: an analyzer, of which a template is none before it has its arguments
#include "trades.hpp"

int main() {
    auto p = from<trade>("t") | window(tumbling{1s}, drop_late) | process<mean<&trade::price>>() |
#ifdef MUST_FAIL
             detect<ewma_zscore>();
#else
             detect<ewma_zscore<at<"mean">>>();
#endif
}
