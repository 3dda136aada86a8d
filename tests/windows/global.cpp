#include <millrace/windows/global.hpp>

#include <sstream>

#include <millrace/codec/json.hpp>
#include <millrace/storage/memory.hpp>
#include <millrace/windows/firing.hpp>

#include "../pipeline/fed.hpp"
#include "../pipeline/triggers.hpp"

using namespace millrace;
using namespace std::chrono_literals;

TEST_CASE("a global window has all of time, and ends with the pipeline") {
    std::vector<std::string> said;
    auto running = start(from<trade>("t", any_time) | key_by(&trade::symbol) |
                             window(global{}, early{events{2}}) | process<count>(),
                         [&](const auto& row) {
                             CHECK(row.window == window_bounds{timestamp::min(), timestamp::max()});
                             said.push_back(row.key + std::to_string(millrace::at<"count">(row)) +
                                            (row.is_final ? " final" : ""));
                         });
    const auto push = [&](const char* key, timestamp time) { running.push({key, 1, 1, time}); };
    push("a", at_ms(1));
    push("b", timestamp::min());
    push("a", timestamp::max());
    CHECK(said == std::vector<std::string>{"a2"});
    push("a", at_ms(-5));
    CHECK(running.stats().late == 0);
    running.finish();
    CHECK(said == std::vector<std::string>{"a2", "a3 final", "b1 final"});
}

TEST_CASE("a global window with triggers against a batch model") {
    const auto check = [](bool is_per_key, auto source_of) {
        const auto model = [=](const firing_setup& of) {
            naive_firing made = model_of(of);
            made.is_global = true;
            made.is_per_key = is_per_key;
            made.early = {naive_trigger::large, of.large};
            made.interval = of.interval;
            return made;
        };
        auto reasons = check_random_firing(model, [&](const auto& of, auto sink, auto clock) {
            return start(source_of(of) | key_by(&trade::symbol) |
                             window(global{}, early{every{std::chrono::milliseconds{of.interval}}},
                                    early{after_large{double(of.large)}}) |
                             process<picky_totals>(),
                         sink, clock);
        });
        CHECK(reasons["early"] > 5000);
    };
    check(false, of_shared_time);
    check(true, of_own_time);
}
