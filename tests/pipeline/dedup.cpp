#include <millrace/pipeline/dedup.hpp>

#include <map>
#include <stdexcept>

#include <millrace/operators/map.hpp>
#include <millrace/pipeline/describe.hpp>

#include "gated.hpp"

using namespace millrace;
using namespace std::chrono_literals;

TEST_CASE("of events of one identity that are near, the first goes on") {
    const unsigned seed = test_seed();
    for (unsigned run = 0; run < 200; ++run) {
        CAPTURE(seed, run);
        std::mt19937 random{seed * 1000 + run};
        const auto span = static_cast<long long>(random() % 100);
        const bool is_by_both = random() % 2 == 0;
        std::map<std::pair<std::string, double>, long long> went_on;
        const naive_gate passes = [&](const trade& one, long long watermark) {
            const std::pair by{std::string{one.symbol}, is_by_both ? one.price : 0};
            const auto found = went_on.find(by);
            const long long time = ms_of_trade(one);
            if (found != went_on.end() && found->second + span >= watermark &&
                std::abs(found->second - time) <= span)
                return false;
            went_on[by] = time;
            return true;
        };
        if (is_by_both) {
            check_gate(
                random,
                [&] {
                    return dedup(&trade::symbol,
                                 key_part{"price", [](const trade& t) { return int(t.price); }},
                                 within{span * 1ms});
                },
                passes);
        } else {
            check_gate(
                random, [&] { return dedup(&trade::symbol, within{span * 1ms}); }, passes);
        }
    }
}

TEST_CASE("an event at which something throws may be sent again") {
    strings out;
    bool throws = true;
    auto running =
        start(from<trade>("t") | dedup(&trade::symbol, within{1h}) | map([&](const trade& one) {
                  if (throws) throw std::runtime_error{"now"};
                  return one;
              }),
              note_trades{&out});
    CHECK_THROWS_WITH(running.push({"a", 1, 1, at_ms(1)}), "now");
    throws = false;
    running.push({"a", 2, 1, at_ms(1)});
    running.push({"a", 3, 1, at_ms(1)});
    CHECK(out == strings{"a 2 1"});
}

TEST_CASE("identities go when their time is over, and make room for others beyond the limit") {
    strings out;
    auto running =
        start(from<trade>("t", any_time) | dedup(&trade::symbol, within{1s}), note_trades{&out});
    for (int i = 0; i < 100'000; ++i) running.push({"id " + std::to_string(i), 1, 1, at_ms(i)});
    CHECK(running.stats().keys < 3'000);
    CHECK(out.size() == 100'000);

    strings few;
    auto limited =
        start(from<trade>("t") | dedup(&trade::symbol, within{1h}, max_keys{2}), note_trades{&few});
    for (const char* id : {"a", "b", "c", "c", "a"}) limited.push({id, 1, 1, at_ms(1)});
    CHECK(few.size() == 4);
    CHECK(limited.stats().evicted_keys == 2);

    strings refused;
    auto strict =
        start(from<trade>("t") | dedup(&trade::symbol, within{1h}, max_keys{2}, refuse_new_keys),
              note_trades{&refused});
    for (const char* id : {"a", "b", "c", "a"}) strict.push({id, 1, 1, at_ms(1)});
    CHECK(refused.size() == 2);
    CHECK(strict.stats().refused_keys == 1);
}

TEST_CASE("dedup keeps the stream's key, says what it is, and refuses what makes no sense") {
    const std::string text =
        describe(from<trade>("t") | key_by("half", [](const trade& t) { return t.price > 2; }) |
                 dedup(&trade::symbol, within{5s}, max_keys{9}))
            .text();
    CAPTURE(text);
    CHECK(text.find("3_dedup: key symbol, within 5s, evict_least_recent true; max_key_bytes 256, "
                    "max_keys 9 -> trade by half") != std::string::npos);
    CHECK_THROWS_AS(dedup(&trade::symbol, within{-1s}), std::invalid_argument);
    CHECK_THROWS_AS(dedup(&trade::symbol, within{1s}, max_keys{0}), std::invalid_argument);
}
