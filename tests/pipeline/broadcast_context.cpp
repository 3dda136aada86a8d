#include <millrace/pipeline/broadcast_context.hpp>

#include "catch.hpp"
#include "fed.hpp"
#include "ruled.hpp"

using namespace millrace;
using namespace std::chrono_literals;

TEST_CASE("what a function is told of its event and of the rules") {
    int calls = 0;
    strings out;
    auto running =
        start(from<trade>("trades", any_time, disorder{2ms}) |
                  with_broadcast<factors>(
                      from<rule>("rules", any_time), add_rule,
                      [&](auto& ctx, const trade& t) {
                          STATIC_REQUIRE(
                              std::is_const_v<std::remove_reference_t<decltype(ctx.broadcast())>>);
                          ++calls;
                          CHECK(ctx.time() == t.time);
                          CHECK(ctx.watermark() == at_ms(8));
                          CHECK(ctx.broadcast().of_symbol("a") == 3);
                          ctx.emit(t);
                          ctx.emit({"b", 7, 1, t.time});
                      }),
              note_prices{&out});
    auto [trades, rules] = running.sources();
    rules.push({"a", 3, at_ms(500)});
    trades.push({"a", 1, 1, at_ms(10)});
    CHECK(calls == 1);
    CHECK(out == strings{"a 1", "b 7"});
}

TEST_CASE("a keyed function and its timers see the rules, too") {
    strings out;
    auto running = start(
        from<trade>("trades", any_time) | key_by(&trade::symbol) |
            with_broadcast<factors>(from<rule>("rules"), add_rule,
                                    process_with_state<int>(
                                        [](auto& ctx, const trade& t) {
                                            ++ctx.state();
                                            ctx.timer_at(t.time + 5ms);
                                        },
                                        [](auto& ctx, timestamp at) {
                                            const double by = ctx.broadcast().of_symbol(ctx.key());
                                            ctx.emit({ctx.key(), ctx.read() * by, 1, at});
                                        },
                                        time_to_live{1h})),
        note_prices{&out});
    auto [trades, rules] = running.sources();
    rules.push({"a", 3, at_ms(0)});
    for (const char* symbol : {"a", "b", "a"}) trades.push({symbol, 1, 1, at_ms(1)});
    rules.push({"b", 10, at_ms(0)});
    trades.push({"c", 1, 1, at_ms(7)});
    CHECK(out == strings{"a 6", "b 10"});
    CHECK(running.stats().keys == 3);
    CHECK(running.stats().timers == 1);
}
