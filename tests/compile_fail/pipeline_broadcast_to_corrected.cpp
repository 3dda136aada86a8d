// What was said to the function of a record that is corrected could not be taken back.
// expect: with_broadcast needs: streams that are not corrected; put final_only() before it
#include <millrace/pipeline/with_broadcast.hpp>

#include "trades.hpp"

int main() {
    auto p = from<trade>("t") | window(tumbling{1s}, lateness{1s}, drop_late) | process<count>() |
#ifndef MUST_FAIL
             final_only() |
#endif
             with_broadcast<double>(
                 from<trade>("limits"), [](double& limit, const trade& t) { limit = t.price; },
                 [](auto& ctx, const auto& row) { ctx.emit(row); });
}
