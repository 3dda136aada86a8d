#include <millrace/pipeline/detail/windows/window_table.hpp>

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <millrace/analyzers/count.hpp>
#include <millrace/core/archive.hpp>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;

using pane = detail::window_table<std::string, count>;

TEST_CASE("a pane takes the times from its start to before its end") {
    pane one{{at_ms(10), at_ms(20)}};
    CHECK_FALSE(one.takes(at_ms(10) - duration{1}));
    CHECK(one.takes(at_ms(10)));
    CHECK(one.takes(at_ms(20) - duration{1}));
    CHECK_FALSE(one.takes(at_ms(20)));
}

TEST_CASE("a spare pane is as good as new") {
    detail::spare_panes<pane> spares;
    pane used = spares.take({at_ms(0), at_ms(1)});
    used.cells.add(std::string{"a"});
    used.is_fired = true;
    used.met = 1;
    spares.put(std::move(used), 10);
    pane again = spares.take({at_ms(1), at_ms(2)});
    CHECK(again.bounds() == window_bounds{at_ms(1), at_ms(2)});
    CHECK(again.size() == 0);
    CHECK_FALSE(again.is_fired);
    CHECK(again.met == 0);
}

TEST_CASE("keys that a spare pane has kept are there only once they come, in that order") {
    const auto seed = test_seed();
    INFO("seed " << seed);
    std::mt19937 random{seed};
    detail::spare_panes<pane> spares;
    const std::size_t limit = GENERATE(as<std::size_t>{}, 70, 1'000);
    std::size_t wrong = 0, with_order = 0, refused = 0;
    for (int window = 0; window < 300; ++window) {
        // Mostly keys that were there before, now and then many others, or few.
        const unsigned first = static_cast<unsigned>(window) / 20 * 30;
        const std::size_t events = window % 31 == 0 ? 3 : 10 + random() % 400;
        pane used = spares.take({at_ms(window), at_ms(window + 1)});
        if (used.size() != 0) ++wrong;
        std::vector<std::pair<std::string, std::uint64_t>> expected;
        for (std::size_t i = 0; i < events; ++i) {
            const std::string key = std::to_string(first + random() % 80);
            const auto known = std::ranges::find(expected, key, [](auto& e) { return e.first; });
            const std::size_t hash = used.cells.hash_of(key);
            auto* cell = used.find(hash, key);
            if (cell == nullptr) cell = used.add(hash, key, limit);
            if (known != expected.end()) {
                ++known->second;
            } else if (expected.size() < limit) {
                expected.emplace_back(key, 1);
            } else if (++refused; cell != nullptr) {
                ++wrong;
            }
            if (cell != nullptr) cell->state.update(0);
        }
        if (used.has_order()) ++with_order;
        const auto is_right = [&](pane& of) {
            if (of.size() != expected.size()) return false;
            for (std::size_t i = 0; i < expected.size(); ++i)
                if (of[i].key != expected[i].first || of[i].state.result() != expected[i].second)
                    return false;
            return true;
        };
        if (!is_right(used)) ++wrong;
        if (window % 10 == 0) {
            pane loaded;
            REQUIRE_FALSE(load(save(used), loaded));
            if (!is_right(loaded) || !is_right(used)) ++wrong;
        }
        spares.put(std::move(used), limit);
    }
    CHECK(wrong == 0);
    CHECK(with_order > (limit == 70 ? 10 : 100));  // absent keys make room
    CHECK((refused > 0) == (limit == 70));
}

TEST_CASE("a pane of more keys than are allowed by now keeps none") {
    detail::spare_panes<pane> spares;
    pane used = spares.take({at_ms(0), at_ms(1)});
    const auto come = [](pane& to, int key, std::size_t limit) {
        const std::string text = std::to_string(key);
        const std::size_t hash = to.cells.hash_of(text);
        return to.find(hash, text) != nullptr || to.add(hash, text, limit) != nullptr;
    };
    for (int key = 0; key < 20; ++key) CHECK(come(used, key, 20));
    spares.put(std::move(used), 10);
    pane next = spares.take({at_ms(1), at_ms(2)});
    for (int key = 0; key < 20; ++key) CHECK(come(next, key, 10) == (key < 10));
}

TEST_CASE("few panes are spared, and more only while they are small") {
    const auto spared_of = [](int keys) {
        detail::spare_panes<pane> spares;
        for (int i = 0; i < 100; ++i) {
            pane used{{at_ms(i), at_ms(i + 1)}};
            for (int k = 0; k < keys; ++k) used.cells.add(std::to_string(k));
            spares.put(std::move(used), 1'000'000);
        }
        std::size_t count = 0;
        const auto is_used = [](const pane& each) {
            return each.cells.bytes() > pane{}.cells.bytes();
        };
        while (is_used(spares.take({at_ms(0), at_ms(1)}))) ++count;
        return count;
    };
    CHECK(spared_of(5) == 16);
    CHECK(spared_of(20'000) == 2);
}

TEST_CASE("a loaded pane has met what had fired, and no pane without a span is loaded") {
    pane one{{at_ms(10), at_ms(20)}};
    one.cells.add(std::string{"a"});
    one.met = 2;
    pane broken;
    CHECK(load(save(one), broken) == errc::archive_corrupt);
    one.met = 1;
    pane other;
    REQUIRE_FALSE(load(save(one), other));
    CHECK(other.met == 1);
    one.set_bounds({at_ms(10), at_ms(10)});
    CHECK(load(save(one), other) == errc::archive_corrupt);
}
