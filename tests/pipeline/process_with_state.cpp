#include <millrace/pipeline/process_with_state.hpp>

#include "fed.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

struct last_price {
    double price = 0;

    template <class Archive>
    void archive(Archive& ar) {
        ar(price);
    }
};

struct price_move {
    std::string_view symbol;
    double by;
    timestamp time;
};

}  // namespace

template <>
inline constexpr auto millrace::schema<price_move> = fields(field{"symbol", &price_move::symbol},
                                                            field{"by", &price_move::by},
                                                            event_time{"time", &price_move::time});

TEST_CASE("a function of one's own with a state and a timer for each key") {
    STATIC_REQUIRE(described<price_move>);
    strings out;
    auto running = start(from<trade>("t", any_time) | key_by(&trade::symbol) |
                             process_with_state<last_price, price_move>(
                                 [](auto& ctx, const trade& t) {
                                     if (ctx.has_state())
                                         ctx.emit({t.symbol, t.price - ctx.read().price, t.time});
                                     ctx.state().price = t.price;
                                     ctx.timer_at(t.time + 5s);
                                 },
                                 [](auto& ctx, timestamp at) {
                                     ctx.emit({ctx.key(), 0, at});
                                     ctx.erase();
                                 }),
                         [&](const price_move& m) {
                             out.push_back(std::string{m.symbol} + " " +
                                           std::to_string(static_cast<int>(m.by)) + " " +
                                           std::to_string(m.time.time_since_epoch() / 1ms));
                         });
    running.push({"a", 10, 1, at_ms(0)});
    running.push({"a", 13, 1, at_ms(1000)});
    running.push({"b", 5, 1, at_ms(2000)});
    CHECK(out == strings{"a 3 1000"});
    running.push({"b", 5, 1, at_ms(6001)});
    CHECK(out == strings{"a 3 1000", "b 0 6001", "a 0 5000"});
}
