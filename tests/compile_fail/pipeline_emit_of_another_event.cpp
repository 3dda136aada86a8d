// What is emitted is of the type that was said.
// expect: emit needs: an event of the type that process_with_state<State, Output> is told
#include <millrace/pipeline/process_with_state.hpp>

#include "trades.hpp"

struct other {
    int number;
};
int main() {
    auto running = start(from<trade>("t") | key_by(&trade::symbol) |
                         process_with_state<int, double>([](auto& ctx, const trade& t) {
#ifdef MUST_FAIL
                             ctx.emit(other{static_cast<int>(t.price)});
#else
                             ctx.emit(t.price);
#endif
                         }));
    running.push(trade{});
}
