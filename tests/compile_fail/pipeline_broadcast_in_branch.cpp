// What meets another pipeline has a source of its own.
// expect: with_broadcast needs: a pipeline in front that begins with from
#include <millrace/pipeline/with_broadcast.hpp>

#include "trades.hpp"

int main() {
    auto limited = with_broadcast<double>(
        from<trade>("limits"), [](double& limit, const trade& t) { limit = t.price; },
        [](auto& ctx, const trade& t) {
            if (t.price > ctx.broadcast()) ctx.emit(t);
        });
    const auto is_low = [](const trade& t) { return t.price < 1; };
#ifdef MUST_FAIL
    auto p = from<trade>("t") | tee(filter(is_low) | limited);
#else
    auto p = from<trade>("t") | tee(filter(is_low) | publish("low")) | limited;
#endif
}
