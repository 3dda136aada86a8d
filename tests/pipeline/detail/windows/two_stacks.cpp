#include <millrace/pipeline/detail/windows/two_stacks.hpp>

#include <map>
#include <random>
#include <string>

#include <millrace/core/archive.hpp>
#include <millrace/pipeline/detail/windows/event_tally.hpp>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;

namespace {

int merges = 0;

/// Letters in the order of their panes, as an analyzer that cares for it would see them.
struct text_part {
    std::string text{};
    detail::event_tally<true> events{};

    void merge(const text_part& later) {
        ++merges;
        text += later.text;
        events.merge(later.events);
    }
    template <class Archive>
    void archive(Archive& ar) {
        ar(text, events);
    }
};

auto adding(std::string letter) {
    return [letter = std::move(letter)](text_part& to) {
        to.events.add();
        to.text += letter;
    };
}

}  // namespace

TEST_CASE("what waits is taken in by the window that reaches it") {
    detail::two_stacks<text_part> stacks;
    for (const int ms : {0, 1, 3}) stacks.add(at_ms(ms), adding(std::to_string(ms)));
    CHECK(stacks.waiting_at(at_ms(3)) != nullptr);
    CHECK(stacks.waiting_at(at_ms(1)) == nullptr);
    stacks.advance(at_ms(-2), at_ms(2), false);
    CHECK(stacks.total(at_ms(-2), at_ms(2)).text == "01");
    CHECK(stacks.waiting() == 1);
    CHECK(stacks.total(at_ms(0), at_ms(4)).text == "013");  // a later one, without going on to it
    stacks.advance(at_ms(1), at_ms(5), false);
    CHECK(stacks.total(at_ms(1), at_ms(5)).text == "13");
    CHECK(stacks.waiting_at(at_ms(3)) == nullptr);
    stacks.advance(at_ms(4), at_ms(8), false);
    CHECK_FALSE(stacks.has_taken());
    CHECK(stacks.empty());
}

TEST_CASE("windows are what their panes make, through flips, late panes, and save and load") {
    const auto seed = test_seed();
    INFO("seed " << seed);
    std::mt19937 random{seed};
    for (int round = 0; round < 200; ++round) {
        const int size = 1 + static_cast<int>(random() % 12);
        detail::two_stacks<text_part> stacks;
        std::map<int, std::map<char, int>> model;
        const auto count = [](const std::string& text) {
            std::map<char, int> counts;
            for (const char each : text) ++counts[each];
            return counts;
        };
        for (int end = 0; end < 60; ++end) {
            for (int events = static_cast<int>(random() % 4); events > 0; --events) {
                const int pane = end - static_cast<int>(random() % static_cast<unsigned>(size)) +
                                 static_cast<int>(random() % 3);
                if (pane < end - size) continue;
                const char letter = static_cast<char>('a' + random() % 26);
                stacks.add(at_ms(pane), adding(std::string(1, letter)));
                ++model[pane][letter];
            }
            stacks.advance(at_ms(end - size), at_ms(end), random() % 5 == 0);
            std::map<char, int> expected;
            for (int pane = end - size; pane < end; ++pane)
                for (const auto& [letter, times] : model[pane]) expected[letter] += times;
            const text_part whole = stacks.total(at_ms(end - size), at_ms(end));
            REQUIRE(count(whole.text) == expected);
            REQUIRE(whole.events.count == whole.text.size());
            if (random() % 7 != 0) continue;
            const std::string saved = save(stacks);
            REQUIRE_FALSE(load(saved, stacks));
            REQUIRE(save(stacks) == saved);
        }
    }
}

TEST_CASE("a window costs about three merges, however many panes it has") {
    for (const int size : {60, 3600}) {
        detail::two_stacks<text_part> stacks;
        int most = 0;
        for (int end = 1; end < 3 * size; ++end) {
            stacks.add(at_ms(end - 1), [](text_part& to) { to.events.add(); });
            merges = 0;
            stacks.advance(at_ms(end - size), at_ms(end), end % size == size / 3);
            (void)stacks.total(at_ms(end - size), at_ms(end));
            if (end % size != size / 3) most = std::max(most, merges);
        }
        CHECK(most <= 3);
    }
}

TEST_CASE("an archive of stacks that cannot be is refused") {
    detail::two_stacks<text_part> stacks;
    for (const int ms : {0, 1, 3}) stacks.add(at_ms(ms), adding("x"));
    stacks.advance(at_ms(0), at_ms(2), true);
    const std::string saved = save(stacks);
    for (const std::size_t at : {saved.size() - 32, saved.size() - 28}) {  // flipped, taken
        std::string damaged = saved;
        damaged[at] = 9;
        detail::two_stacks<text_part> loaded;
        CHECK(load(damaged, loaded));
    }
}
