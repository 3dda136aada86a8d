// The function for rules takes what the rules' pipeline carries.
// expect: with_broadcast needs: behind the rules a function void(State&, const Rule&)
#include <millrace/pipeline/with_broadcast.hpp>

#include "trades.hpp"

struct quote {};

int main() {
    auto p = from<trade>("t") | with_broadcast<double>(
                                    from<trade>("limits"),
#ifdef MUST_FAIL
                                    [](double& limit, const quote&) { limit = 1; },
#else
                                    [](double& limit, const trade& t) { limit = t.price; },
#endif
                                    [](auto& ctx, const trade& t) {
                                        if (t.price > ctx.broadcast()) ctx.emit(t);
                                    });
}
