#include <millrace/analyzers/count_distinct.hpp>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <millrace/analyzers/analyzer.hpp>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;

namespace {

using symbols = count_distinct<&trade::symbol>;
constexpr auto lots = [](const trade& t) { return static_cast<int>(t.size) / 100; };

static_assert(analyzer<symbols, trade> && mergeable<symbols> && retractable<symbols, trade>);
static_assert(analyzer<count_distinct<lots, int>, trade>);
static_assert(!analyzer<count_distinct<&trade::price>, trade>, "neither NaN nor -0 is told apart");

trade of(std::string_view symbol) { return {symbol, 1, 1, at_ms(0)}; }

/// The different ones, by sorting.
std::size_t different(std::vector<std::string> all) {
    std::sort(all.begin(), all.end());
    return static_cast<std::size_t>(std::unique(all.begin(), all.end()) - all.begin());
}

}  // namespace

TEST_CASE("count_distinct counts each value once, until the last of it is retracted") {
    symbols state;
    CHECK(state.result() == 0);
    for (const char* symbol : {"a", "b", "a"}) state.update(of(symbol));
    CHECK(state.result() == 2);
    state.retract(of("a"));
    CHECK(state.result() == 2);
    state.retract(of("a"));
    state.retract(of("a"));  // is there no more
    CHECK(state.result() == 1);
}

TEST_CASE("count_distinct keeps texts, whatever becomes of the event's") {
    symbols state;
    std::string text = "a name too long for its object";
    state.update(of(text));
    text.replace(0, 1, "b");
    state.update(of(text));
    CHECK(state.result() == 2);
}

TEST_CASE("what count_distinct is given, retracted, merged and saved is what a sorted list says") {
    const auto seed = test_seed();
    INFO("seed " << seed);
    std::mt19937 random{seed};
    for (int round = 0; round < 200; ++round) {
        std::vector<std::vector<std::string>> held(2);
        std::vector<symbols> states(2);
        for (int i = 0; i < 60; ++i) {
            const std::size_t at = random() % 2;
            if (!held[at].empty() && random() % 3 == 0) {
                std::swap(held[at][random() % held[at].size()], held[at].back());
                states[at].retract(of(held[at].back()));
                held[at].pop_back();
            } else {
                held[at].push_back("symbol " + std::to_string(random() % 20));
                states[at].update(of(held[at].back()));
            }
        }
        REQUIRE(states[0].result() == different(held[0]));
        symbols both;
        REQUIRE_FALSE(load(save(states[0]), both));
        both.merge(states[1]);
        for (const std::string& symbol : held[1]) held[0].push_back(symbol);
        REQUIRE(both.result() == different(held[0]));
        for (const std::string& symbol : held[1]) both.retract(of(symbol));
        REQUIRE(both.result() == states[0].result());
    }
}

TEST_CASE("count_distinct stops at its limit, and refuses an archive beyond it") {
    count_distinct<&trade::symbol, std::string, 2> few;
    for (const char* symbol : {"a", "b", "c", "a"}) few.update(of(symbol));
    CHECK(few.result() == 2);
    symbols many;
    for (const char* symbol : {"a", "b", "c"}) many.update(of(symbol));
    CHECK(load(save(many), few) == errc::archive_corrupt);
    CHECK(few.result() == 2);
}
