// A text that no field names has no copy while an event waits.
// expect: in_time_order needs: events and rules that can wait
#include <millrace/pipeline/with_broadcast.hpp>

#include "trades.hpp"

struct limit {
    double price;
    timestamp time;
    std::string_view source;
};
template <>
inline constexpr auto millrace::schema<limit> = fields(field{"price", &limit::price},
#ifndef MUST_FAIL
                                                       field{"source", &limit::source},
#endif
                                                       event_time{"time", &limit::time});

int main() {
    auto p = from<trade>("t") |
             with_broadcast<double>(
                 from<limit>("limits"), [](double& to, const limit& one) { to = one.price; },
                 [](auto& ctx, const trade& t) {
                     if (t.price > ctx.broadcast()) ctx.emit(t);
                 },
                 in_time_order{});
}
