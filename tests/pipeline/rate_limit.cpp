#include <millrace/pipeline/rate_limit.hpp>

#include <algorithm>
#include <map>
#include <stdexcept>

#include <millrace/pipeline/describe.hpp>

#include "gated.hpp"

using namespace millrace;
using namespace std::chrono_literals;

TEST_CASE("a key has so many tokens, and a new one each so often") {
    const unsigned seed = test_seed();
    for (unsigned run = 0; run < 200; ++run) {
        CAPTURE(seed, run);
        std::mt19937 random{seed * 1000 + run};
        const auto events = static_cast<std::uint32_t>(1 + random() % 5);
        const auto apart = static_cast<long long>(1 + random() % 40);
        // By counting tokens, a millisecond of one being a unit.
        struct bucket {
            long long units, time;
        };
        std::map<std::string, bucket> buckets;
        const long long full = events * apart;
        check_gate(
            random, [&] { return key_by(&trade::symbol) | rate_limit(events, full * 1ms); },
            [&](const trade& one, long long watermark) {
                const long long time = ms_of_trade(one);
                auto [at, is_new] =
                    buckets.try_emplace(std::string{one.symbol}, bucket{full, time});
                bucket& of = at->second;
                // Full by the watermark, it is as good as new.
                if (of.time + full - of.units <= watermark) of = {full, time};
                if (time > of.time) of = {std::min(full, of.units + time - of.time), time};
                const long long missed = of.time - time;
                if (of.units - missed < apart) return false;
                of.units -= apart;
                return true;
            });
    }
}

TEST_CASE("without a key the limit is that of the stream") {
    strings out;
    auto running = start(from<trade>("t", any_time) | rate_limit(2, 1s), note_trades{&out});
    for (const long long ms : {0, 1, 2, 499, 500, 501, 5000, 5000, 5000})
        running.push({"a", 1, 1, at_ms(ms)});
    CHECK(out == strings{"a 1 0", "a 1 1", "a 1 500", "a 1 5000", "a 1 5000"});
}

TEST_CASE("rate_limit says what it is, and refuses what makes no sense") {
    const std::string text = describe(from<trade>("t") | rate_limit(5, 1s)).text();
    CAPTURE(text);
    CHECK(text.find("2_rate_limit: events 5, per 1s, evict_least_recent true; max_keys 1000000") !=
          std::string::npos);
    CHECK_THROWS_AS(rate_limit(0, 1s), std::invalid_argument);
    CHECK_THROWS_AS(rate_limit(1, 0s), std::invalid_argument);
    CHECK_THROWS_AS(rate_limit(1001, 1us), std::invalid_argument);
    CHECK_THROWS_AS(rate_limit(1, 1s, max_keys{0}), std::invalid_argument);
}
