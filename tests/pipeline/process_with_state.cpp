#include <millrace/pipeline/process_with_state.hpp>

#include "fed.hpp"
#include "naive.hpp"

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

TEST_CASE("wall timers fire by the wall's clock, which never goes back") {
    manual_clock clock{at_ms(1'000'000)};
    strings out;
    const auto seen = [&](auto& ctx, std::string_view what, timestamp at) {
        out.push_back(std::string{what} + " " + ctx.key() + " " + std::to_string(ms_of(at)) + " " +
                      std::to_string(ms_of(ctx.time())));
    };
    const auto make = [&] {
        return start(
            from<trade>("t", any_time) | key_by(&trade::symbol) |
                process_with_state<int>(
                    [&](auto& ctx, const trade& t) {
                        ctx.timer_at(t.time + 5ms);
                        ctx.wall_timer_at(ctx.now() + 30ms);
                        if (t.price > 1) ctx.wall_timer_at(ctx.now());
                    },
                    [&](auto& ctx, timestamp at) { seen(ctx, "event", at); },
                    on_wall_timer{[&](auto& ctx, timestamp at) {
                        seen(ctx, "wall", at);
                        if (at == at_ms(1'000'030)) CHECK(ctx.wall_timer_at(ctx.now()));
                    }}),
            [](const auto&) {}, clock_view{clock});
    };
    auto running = make();
    running.push({"a", 2, 1, at_ms(10)});
    CHECK(std::exchange(out, {}) == strings{"wall a 1000000 1000000"});
    clock.advance(29ms);
    running.tick();
    running.push({"b", 1, 1, at_ms(20)});
    CHECK(std::exchange(out, {}) == strings{"event a 15 15"});
    clock.advance(1ms);
    clock.set(at_ms(0));  // time goes on all the same
    clock.advance(1ms);
    running.tick();
    CHECK(out == strings{"wall a 1000030 20", "wall a 1000031 20"});
    out.clear();
    CHECK(running.stats().timers == 2);  // of b
    auto loaded = make();
    const std::string saved = save(running);
    input_archive ar{saved};
    ar(loaded);
    REQUIRE(ar.ok());
    loaded.tick();
    CHECK(out.empty());
    clock.advance(1h);
    loaded.tick();
    CHECK(out == strings{"wall b 1000059 20"});
    loaded.tick();
    CHECK(out.size() == 1);
}
