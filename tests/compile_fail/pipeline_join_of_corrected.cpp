// What was joined could not be taken back.
// expect: join needs: streams that are not corrected; put final_only() before it
#include "trades.hpp"

#include <millrace/operators/final_only.hpp>
#include <millrace/pipeline/interval_join.hpp>

int main() {
    auto corrected = from<trade>("a") | key_by(&trade::symbol) |
                     window(tumbling{1s}, lateness{1s}, drop_late) | process<millrace::count>();
    const auto first = [](const auto& x, const auto&) { return at<"count">(x); };
#ifdef MUST_FAIL
    auto p = interval_join(corrected, corrected, between{0s, 5s}, drop_late, first);
#else
    auto p = interval_join(corrected | final_only(), corrected | final_only(), between{0s, 5s},
                           drop_late, first);
#endif
}
