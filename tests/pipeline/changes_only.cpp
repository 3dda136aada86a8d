#include <millrace/pipeline/changes_only.hpp>

#include <cmath>
#include <limits>
#include <map>
#include <stdexcept>

#include <millrace/analyzers/mean.hpp>
#include <millrace/operators/map.hpp>
#include <millrace/pipeline/describe.hpp>
#include <millrace/pipeline/process.hpp>
#include <millrace/windows/tumbling.hpp>

#include "gated.hpp"

using namespace millrace;
using namespace std::chrono_literals;

TEST_CASE("what has not changed since it went on last goes on seldom") {
    const unsigned seed = test_seed();
    for (unsigned run = 0; run < 200; ++run) {
        CAPTURE(seed, run);
        std::mt19937 random{seed * 1000 + run};
        const double by = static_cast<double>(random() % 3);
        const auto longest = static_cast<long long>(1 + random() % 200);
        const bool is_limited = random() % 2 == 0;
        std::map<std::string, std::pair<double, long long>> last;
        check_gate(
            random,
            [&] {
                return key_by(&trade::symbol) |
                       changes_only(&trade::price, more_than{by},
                                    at_least_every{is_limited ? longest * 1ms : duration::max()});
            },
            [&](const trade& one, long long) {
                const long long time = ms_of_trade(one);
                const auto found = last.find(std::string{one.symbol});
                if (found != last.end() && std::abs(found->second.first - one.price) <= by &&
                    (!is_limited || time - found->second.second < longest))
                    return false;
                last[std::string{one.symbol}] = {one.price, time};
                return true;
            });
    }
}

TEST_CASE("a text has changed when it is another, and NaN is not a number") {
    strings out;
    auto texts = start(from<trade>("t") | changes_only(&trade::symbol), note_trades{&out});
    for (const char* symbol : {"a", "a", "b", "a"}) texts.push({symbol, 1, 1, at_ms(1)});
    CHECK(out == strings{"a 1 1", "b 1 1", "a 1 1"});

    std::vector<double> numbers;
    auto running = start(from<trade>("t") | map([](const trade& one) { return one.price; }) |
                             changes_only([](double x) { return x; }, more_than{1}),
                         [&](double one) { numbers.push_back(one); });
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const double infinity = std::numeric_limits<double>::infinity();
    for (const double one : {1.0, nan, nan, 1.5, 2.5, 2.6, infinity, infinity, -infinity})
        running.push({"a", one, 1, at_ms(1)});
    REQUIRE(numbers.size() == 6);
    CHECK(std::isnan(numbers[1]));
    CHECK(std::vector(numbers.begin() + 2, numbers.end()) ==
          std::vector{1.5, 2.6, infinity, -infinity});
}

TEST_CASE("records of windows go on where their result has changed") {
    std::vector<double> means;
    auto running = start(from<trade>("t", any_time) | key_by(&trade::symbol) |
                             window(tumbling{10ms}, drop_late) | process<mean<&trade::price>>() |
                             changes_only(at<"mean">, more_than{0.5}),
                         [&](const auto& row) { means.push_back(at<"mean">(row)); });
    for (int i = 0; i < 6; ++i) running.push({"a", i * 0.3, 1, at_ms(10 * i)});
    CHECK_FALSE(running.finish());
    CHECK(means.size() == 3);
}

TEST_CASE("changes_only says what it is, and refuses what makes no sense") {
    const std::string text =
        describe(from<trade>("t") |
                 changes_only(&trade::price, more_than{0.5}, at_least_every{1min}, max_keys{9}))
            .text();
    CAPTURE(text);
    CHECK(text.find("2_changes_only: of price, more_than 0.5, at_least_every 1m, "
                    "evict_least_recent true; max_keys 9") != std::string::npos);
    CHECK_THROWS_AS(changes_only(&trade::price, more_than{-1}), std::invalid_argument);
    CHECK_THROWS_AS(changes_only(&trade::price, more_than{std::nan("")}), std::invalid_argument);
    CHECK_THROWS_AS(changes_only(&trade::price, at_least_every{0s}), std::invalid_argument);
}
