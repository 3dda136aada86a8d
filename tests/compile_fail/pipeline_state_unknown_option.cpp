// The options are its own.
// expect: process_with_state needs: behind its function on_timer
#include <millrace/pipeline/process_with_state.hpp>

#include "trades.hpp"

int main() {
    auto p = from<trade>("t") | key_by(&trade::symbol) |
             process_with_state<double>([](auto& ctx, const trade& t) { ctx.state() = t.price; },
#ifdef MUST_FAIL
                                        lateness{1h}
#else
                                        time_to_live{1h}
#endif
             );
}
