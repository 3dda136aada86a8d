// A function of one's own cannot take back what it made of an event.
// expect: stage needs: a member type takes_updates
#include <millrace/operators/final_only.hpp>
#include <millrace/pipeline/process_with_state.hpp>

#include "trades.hpp"

int main() {
    auto p = from<trade>("t") | key_by(&trade::symbol) |
             window(tumbling{1s}, lateness{1s}, drop_late) | process<count>()
#ifndef MUST_FAIL
             | final_only()
#endif
             | process_with_state<double>([](auto& ctx, const auto&) { ctx.state() = 1; });
}
