// A timer needs somebody to call.
// expect: timer_at needs: on_timer, the second function of process_with_state
#include <millrace/pipeline/process_with_state.hpp>

#include "trades.hpp"

struct silence {
    void on_event(auto& ctx, const trade& t) const { ctx.timer_at(t.time + 5s); }
#ifndef MUST_FAIL
    void on_timer(auto& ctx, timestamp) const { ctx.erase(); }
#endif
};

int main() {
    auto running =
        start(from<trade>("t") | key_by(&trade::symbol) | process_with_state<int>(silence{}));
    running.push(trade{});
}
