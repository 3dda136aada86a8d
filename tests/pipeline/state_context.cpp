#include <millrace/pipeline/state_context.hpp>

#include <vector>

#include <millrace/analyzers/count.hpp>
#include <millrace/pipeline/process_with_state.hpp>
#include <millrace/pipeline/run.hpp>
#include <millrace/windows/tumbling.hpp>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;
using namespace std::chrono_literals;

TEST_CASE("what a function is told of its event, its key and its timer") {
    int calls = 0;
    auto running = start(from<trade>("t", any_time, disorder{2ms}) | key_by(&trade::symbol) |
                         process_with_state<int>(
                             [&](auto& ctx, const trade& t) {
                                 ++calls;
                                 CHECK(ctx.key() == "a");
                                 CHECK(ctx.time() == t.time);
                                 CHECK(ctx.watermark() == at_ms(8));
                                 CHECK_FALSE(ctx.has_state());
                                 CHECK(ctx.read() == 0);
                                 CHECK_FALSE(ctx.has_state());
                                 ctx.state() = 5;
                                 CHECK(ctx.has_state());
                                 CHECK(ctx.timer_at(at_ms(20)));
                                 CHECK(ctx.timer_at(at_ms(20)));
                                 CHECK(ctx.timer_at(at_ms(21)));
                                 CHECK(ctx.cancel_timer(at_ms(21)));
                                 CHECK_FALSE(ctx.cancel_timer(at_ms(21)));
                             },
                             [&](auto& ctx, timestamp at) {
                                 ++calls;
                                 CHECK(at == at_ms(20));
                                 CHECK(ctx.time() == at);
                                 CHECK(ctx.watermark() == at_ms(30));
                                 CHECK(ctx.read() == 5);
                                 ctx.erase();
                                 CHECK_FALSE(ctx.has_state());
                                 CHECK(ctx.read() == 0);
                             }));
    running.push({"a", 1, 1, at_ms(10)});
    running.advance(at_ms(30));
    CHECK(calls == 2);
    CHECK(running.stats().keys == 0);
}

TEST_CASE("a timer for a time that is over fires behind its event, and is not late") {
    std::vector<long long> times;
    auto running =
        start(from<trade>("t", any_time) | key_by(&trade::symbol) |
                  process_with_state<int>(
                      [&](auto& ctx, const trade&) {
                          ctx.timer_at(at_ms(1));
                          CHECK(times.empty());
                      },
                      [&](auto& ctx, timestamp at) {
                          times.push_back(at.time_since_epoch() / 1ms);
                          ctx.emit({ctx.key(), 1, 1, at});
                      }) |
                  window(tumbling{10ms}, drop_late) | process<count>(),
              [&](const auto& row) { times.push_back(row.window.start.time_since_epoch() / 1ms); });
    running.advance(at_ms(50));
    running.push({"a", 1, 1, at_ms(45)});
    CHECK(times == std::vector<long long>{1});
    running.advance(at_ms(100));
    CHECK(times == std::vector<long long>{1, 50});
    CHECK(running.stats().late == 0);
}
