// The function for events emits by its context; it is no filter.
// expect: with_broadcast needs: a function void(auto& ctx, const Event&) of the stream's event
#include <millrace/pipeline/with_broadcast.hpp>

#include "trades.hpp"

int main() {
    auto p = from<trade>("t") |
             with_broadcast<double>(
                 from<trade>("limits"), [](double& limit, const trade& t) { limit = t.price; },
#ifdef MUST_FAIL
                 [](const double& limit, const trade& t) { return t.price > limit; }
#else
                 [](auto& ctx, const trade& t) {
                     if (t.price > ctx.broadcast()) ctx.emit(t);
                 }
#endif
             );
}
