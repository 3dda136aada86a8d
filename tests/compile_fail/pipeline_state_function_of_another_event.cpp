// The function takes what the stream carries.
// expect: process_with_state needs: a function void(auto& ctx, const Event&) of the stream's event
#include <millrace/pipeline/process_with_state.hpp>

#include "trades.hpp"

struct quote {};

int main() {
    auto p = from<trade>("t") | key_by(&trade::symbol) |
             process_with_state<double>(
#ifdef MUST_FAIL
                 [](auto& ctx, const quote&) { ctx.state() = 1; }
#else
                 [](auto& ctx, const trade& t) { ctx.state() = t.price; }
#endif
             );
}
