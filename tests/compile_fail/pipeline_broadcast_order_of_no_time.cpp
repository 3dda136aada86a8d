// Where there is no time there is no order by it.
// expect: in_time_order needs: event times of both
#include <millrace/pipeline/with_broadcast.hpp>

#include "trades.hpp"

struct limit {
    double price;
};
template <>
inline constexpr auto millrace::schema<limit> = fields(field{"price", &limit::price});

int main() {
#ifdef MUST_FAIL
    auto limits = from<limit>("limits");
#else
    auto limits = from<limit>("limits", processing_time);
#endif
    auto p = from<trade>("t") | with_broadcast<double>(
                                    limits, [](double& to, const limit& one) { to = one.price; },
                                    [](auto& ctx, const trade& t) {
                                        if (t.price > ctx.broadcast()) ctx.emit(t);
                                    },
                                    in_time_order{});
}
