// What was counted may not be taken back.
// expect: window by count needs: events that are not corrected; put final_only() before it
#include <millrace/windows/by_count.hpp>

#include "trades.hpp"

int main() {
    auto p = from<trade>("t") | window(tumbling{1s}, lateness{1s}, drop_late) | process<count>()
#ifndef MUST_FAIL
             | final_only()
#endif
             | window(tumbling_count{5}) | process<count>();
}
