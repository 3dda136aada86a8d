// A state's time to live and its timers are of event time.
// expect: process_with_state needs: event times
#include <millrace/pipeline/process_with_state.hpp>

#include "trades.hpp"

struct untimed_trade {
    std::string symbol;
    double price;
};

template <>
inline constexpr auto millrace::schema<untimed_trade> =
    fields(field{"symbol", &untimed_trade::symbol}, field{"price", &untimed_trade::price});

int main() {
#ifdef MUST_FAIL
    auto in = from<untimed_trade>("t");
#else
    auto in = from<untimed_trade>("t", processing_time);
#endif
    auto p = in | key_by(&untimed_trade::symbol) |
             process_with_state<double>([](auto& ctx, const auto& t) { ctx.state() = t.price; });
}
