#include <millrace/pipeline/detail/windows/sliding_base.hpp>

#include <map>

#include <millrace/analyzers/sum.hpp>
#include <millrace/windows/sliding.hpp>

#include "../../fed.hpp"
#include "../../triggers.hpp"

using namespace millrace;
using namespace std::chrono_literals;

TEST_CASE("sliding windows say the same, whether keys share their time or each has its own") {
    const auto check = [](auto source) {
        fed keys{counts(source, sliding{3s, 1s}, lateness{2s}, max_keys{1}, late_to("late"))};
        keys.push("a", 500);
        keys.push("a", 1500);
        CHECK(keys.take() == strings{"a -2000 1 0 watermark open"});
        keys.push("a", 400);   // corrects one window, and counts in two that are open
        keys.push("b", 1700);  // one key too many
        CHECK(keys.take() == strings{"a -2000 2 1 late open"});
        keys.push("a", 3000);
        CHECK(keys.take() == strings{"a -2000 2 2 watermark", "a -1000 3 0 watermark open",
                                     "a 0 3 0 watermark open"});
        keys.push("a", 100);  // late for the first of its windows, corrects the others
        CHECK(keys.take() == strings{"a -1000 4 1 late open", "a 0 4 1 late open"});
        keys.push("a", -1);  // corrects one in which it comes first, and is late for the others
        CHECK(keys.take() == strings{"a -1000 5 2 late open"});
        keys.push("a", -1001);
        CHECK(keys.take() == strings{"late a -1001"});
        keys.running.finish();
        CHECK(keys.take() == strings{"a -1000 5 3 stop", "a 0 4 2 stop", "a 1000 2 0 stop",
                                     "a 2000 1 0 stop", "a 3000 1 0 stop"});
        const pipeline_stats stats = keys.stats();
        CHECK(stats.late == 1);
        CHECK(stats.corrected == 4);
        CHECK(stats.refused_keys == 1);
        CHECK(stats.open_windows == 0);
        CHECK(stats.keys == 0);
        CHECK(stats.state_bytes < 100'000);
    };
    check(from<trade>("t"));
    check(from<trade>("t", per_key(&trade::symbol)));
}

TEST_CASE("a key is shown once by its first open window when nothing comes") {
    const auto check = [](auto source) {
        fed keys{counts(source, sliding{3s, 1s}, drop_late)};
        keys.push("a", 500);
        keys.push("a", 600);
        keys.pass(1h);
        CHECK(keys.take() == strings{"a -2000 2 0 idle open"});
        keys.pass(1h);
        CHECK(keys.take().empty());
        keys.push("a", 700);
        keys.pass(1h);
        CHECK(keys.take() == strings{"a -2000 3 1 idle open"});
        keys.push("a", 1700);
        CHECK(keys.take() == strings{"a -2000 3 2 watermark"});
        keys.pass(1h);
        CHECK(keys.take() == strings{"a -1000 4 0 idle open"});
        keys.running.finish();
        CHECK(keys.take() == strings{"a -1000 4 1 stop", "a 0 4 0 stop", "a 1000 1 0 stop"});
    };
    check(from<trade>("t", idle_timeout{5s}));
    check(from<trade>("t", idle_timeout{5s}, per_key(&trade::symbol)));
}

TEST_CASE("what is furthest ahead makes room for the present, and is counted") {
    const auto check = [](auto source) {
        fed keys{counts(source, sliding{2s, 1s}, max_windows{3}, drop_late)};
        for (const int second : {5, 4, 6, 9, 3, 2}) keys.push("a", second * 1000);
        CHECK(keys.stats().refused_keys == 3);  // 9, then 6, then 5
        keys.running.finish();
        CHECK(keys.take() ==
              strings{"a 1000 1 0 stop", "a 2000 2 0 stop", "a 3000 2 0 stop", "a 4000 1 0 stop"});
        CHECK(keys.stats().open_windows == 0);
    };
    check(from<trade>("t", disorder{1h}));
    check(from<trade>("t", disorder{1h}, per_key(&trade::symbol)));
}

TEST_CASE("an event of a pane that is there needs no room") {
    const auto check = [](auto source) {
        fed keys{counts(source, sliding{2s, 1s}, max_windows{3}, drop_late)};
        for (const int second : {5, 4, 6, 5, 4, 6}) keys.push("a", second * 1000);
        CHECK(keys.stats().refused_keys == 0);
        keys.running.finish();
        CHECK(keys.take() ==
              strings{"a 3000 2 0 stop", "a 4000 4 0 stop", "a 5000 4 0 stop", "a 6000 2 0 stop"});
    };
    check(from<trade>("t", disorder{1h}));
    check(from<trade>("t", disorder{1h}, per_key(&trade::symbol)));
}

TEST_CASE("at most max_windows closed windows are kept for late events") {
    const auto check = [](auto source) {
        fed keys{counts(source, sliding{2s, 1s}, lateness{duration::max()}, max_windows{3},
                        late_to("late"))};
        for (int second = 0; second < 10; ++second) keys.push("a", second * 1000);
        CHECK(keys.take().size() == 9 + 6);
        keys.push("a", 5000);  // of two windows one is still kept
        CHECK(keys.take() == strings{"a 5000 3 1 late open"});
        keys.push("a", 4999);
        CHECK(keys.take() == strings{"late a 4999"});
    };
    check(from<trade>("t"));
    check(from<trade>("t", per_key(&trade::symbol)));
}

TEST_CASE("events at both ends of time are refused, counted, and harm nobody") {
    const auto check = [](auto source) {
        fed keys{counts(source, sliding{2s, 1s}, lateness{1s}, drop_late)};
        keys.running.push({"a", 1, 1, timestamp::min()});
        keys.push("a", 500);
        keys.running.push({"b", 1, 1, timestamp::max()});
        CHECK(keys.stats().refused_keys == 2);
        keys.running.finish();
        CHECK(keys.stats().open_windows == 0);
        CHECK(keys.out.size() >= 2);
    };
    check(from<trade>("t", any_time));
    check(from<trade>("t", any_time, per_key(&trade::symbol)));
}

TEST_CASE("records that are corrected are taken back from the windows behind them") {
    const auto check = [](auto source) {
        std::vector<long long> rows;
        auto running = start(counts(source, tumbling{1s}, lateness{5s}, drop_late) |
                                 window(sliding{2s, 1s}, lateness{5s}, drop_late) |
                                 process<sum<at<"count">>>(),
                             [&](const auto& row) {
                                 rows.push_back(row.window.start.time_since_epoch() / 1s);
                                 rows.push_back(static_cast<long long>(row.result.value));
                             });
        for (const int ms : {100, 1100, 2100, 3100, 150}) running.push({"a", 1, 1, at_ms(ms)});
        std::map<long long, long long> last;
        for (std::size_t i = 0; i < rows.size(); i += 2) last[rows[i]] = rows[i + 1];
        CHECK(last == std::map<long long, long long>{{-1, 2}, {0, 3}, {1, 2}});
    };
    check(from<trade>("t"));
    check(from<trade>("t", per_key(&trade::symbol)));
}

TEST_CASE("late triggers of sliding windows against a batch model") {
    const auto check = [](bool is_per_key, bool says_final, auto source_of, auto... options) {
        const auto model = [=](const firing_setup& of) {
            naive_firing made = model_of(of);
            made.slide = of.slide;
            made.early = {};
            made.is_per_key = is_per_key;
            made.says_final = says_final;
            return made;
        };
        auto reasons = check_random_firing(model, [&](const auto& of, auto sink, auto clock) {
            const sliding windows{std::chrono::milliseconds{of.size},
                                  std::chrono::milliseconds{of.slide},
                                  std::chrono::milliseconds{of.offset}};
            return start(
                source_of(of) | key_by(&trade::symbol) |
                    window(windows, drop_late, lateness{std::chrono::milliseconds{of.lateness}},
                           late{events{of.late_events}}, options...) |
                    process<picky_totals>(),
                sink, clock);
        });
        CHECK(reasons["late"] > 1000);
    };
    check(false, true, of_shared_time);
    check(true, false, of_own_time, without_final);
}

TEST_CASE("state_bytes holds panes and closed windows, and goes down with the keys") {
    const auto check = [](auto source) {
        const auto make = [&] {
            return start(counts(source, sliding{1000s, 1s}, lateness{1000s}, drop_late));
        };
        auto running = make();
        for (int second = 0; second < 1500; ++second)
            running.push({"a", 1, 1, at_ms(second * 1000)});
        const std::uint64_t full = running.stats().state_bytes;
        CHECK(full > 30'000);
        auto resumed = make();
        const std::string saved = save(running);
        input_archive ar{saved};
        ar(resumed);
        REQUIRE(ar.ok());
        CHECK(resumed.stats().state_bytes > 30'000);
        for (auto* each : {&running, &resumed}) {
            each->finish();
            CHECK(each->stats().state_bytes < full / 4);
        }
    };
    check(from<trade>("t"));
    check(from<trade>("t", per_key(&trade::symbol)));
}
