// What all keys see is there only where a stream of rules comes in.
// expect: broadcast needs: with_broadcast, which process_with_state is given to
#include <millrace/pipeline/with_broadcast.hpp>

#include "trades.hpp"

int main() {
    auto count = process_with_state<double>([](auto& ctx, const trade& t) {
        if (t.price > ctx.broadcast()) ctx.state() += 1;
    });
#ifdef MUST_FAIL
    auto p = from<trade>("t") | key_by(&trade::symbol) | count;
    start(p);
#else
    auto p =
        from<trade>("t") | key_by(&trade::symbol) |
        with_broadcast<double>(
            from<trade>("limits"), [](double& limit, const trade& t) { limit = t.price; }, count);
    start(p);
#endif
}
