// A maximum cannot take back an event, as a window over windows that are corrected would have to.
// expect: process needs: an analyzer with void retract(const Event&), where events may be corrected
#include "trades.hpp"

#ifdef MUST_FAIL
using outer = ewma_zscore<at<"count">>;
#else
using outer = count;
#endif
int main() {
    auto p = from<trade>("t") | key_by(&trade::symbol) |
             window(tumbling{1s}, lateness{1s}, drop_late) | process<count>() |
             window(tumbling{1min}, lateness{1s}, drop_late) | process<outer>();
}
