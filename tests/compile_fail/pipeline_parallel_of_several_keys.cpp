// What looks at several keys would see those of its loop.
// expect: parallel needs: stages that look at one key at a time
#include "trades.hpp"

#include <millrace/pipeline/parallel.hpp>
#include <millrace/pipeline/top_n.hpp>

int main() {
    auto keyed = from<trade>("t") | key_by(&trade::symbol);
#ifdef MUST_FAIL
    auto p = keyed | parallel(2, window(tumbling{1s}, drop_late) | process<count>() |
                                     top_n<3>(at<"count">));
#else
    auto p = keyed | parallel(2, window(tumbling{1s}, drop_late) | process<count>()) |
             top_n<3>(at<"count">);
#endif
}
