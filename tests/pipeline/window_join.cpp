#include <millrace/pipeline/window_join.hpp>

#include <algorithm>
#include <set>
#include <stdexcept>

#include <millrace/pipeline/describe.hpp>
#include <millrace/windows/tumbling.hpp>

#include "joined.hpp"

using namespace millrace;
using namespace std::chrono_literals;
using strings = std::vector<std::string>;

namespace {

template <class Kind, class Window, class... Options>
auto start_join(strings& out, Kind kind, Window window, Options... options) {
    return start(window_join(manual_source<trade>("trades", &trade::symbol),
                             manual_source<quote>("quotes", &quote::symbol), window, kind,
                             max_lag{duration::max()}, options..., as_couple(kind)) |
                 note_couples{out, true});
}

/// From midnight and from noon, in days of a hundred milliseconds.
struct halves {
    window_bounds assign(timestamp time) const {
        const auto start =
            std::chrono::floor<std::chrono::duration<long long, std::ratio<1, 20>>>(time);
        return {start, start + 50ms};
    }
};

long long end_of(long long time, long long size) {
    const long long rest = ((time % size) + size) % size;
    return time - rest + size;
}

template <class Kind>
void check_streams(Kind kind) {
    const unsigned seed = test_seed();
    for (unsigned run = 0; run < 200; ++run) {
        CAPTURE(seed, run, Kind::name);
        std::mt19937 random{seed * 1000 + run};
        const auto all = random_inputs(random, 150);
        const bool is_own = random() % 4 == 0;
        const long long size = is_own ? 50 : 1 + static_cast<long long>(random() % 60);
        const long long late_by = random() % 2 == 0 ? 0 : static_cast<long long>(random() % 40);

        naive_lateness time{late_by};
        std::multiset<double> right_late, late;
        std::vector<join_input> sides[2];
        for (const auto& one : all) {
            if (one.is_watermark) {
                time.watermark(one);
            } else if (time.combined != std::numeric_limits<long long>::min() &&
                       end_of(one.time, size) <= time.combined - late_by) {
                right_late.insert(one.number);
            } else {
                sides[one.is_trade ? 0 : 1].push_back(one);
            }
        }
        std::multiset<std::string> right;
        const auto add = [&](double price, double bid, long long of) {
            right.insert(std::to_string(static_cast<int>(price)) + " " +
                         std::to_string(static_cast<int>(bid)) + " " +
                         std::to_string((end_of(of, size) * 1'000'000 - 1) / 1'000'000));
        };
        const auto meets = [&](const join_input& a, const join_input& b) {
            return a.key == b.key && end_of(a.time, size) == end_of(b.time, size);
        };
        for (const auto& a : sides[0]) {
            bool has_partner = false;
            for (const auto& b : sides[1])
                if (meets(a, b)) has_partner = true, add(a.number, b.number, a.time);
            if (Kind::keeps_left && !has_partner) add(a.number, -1, a.time);
        }
        for (const auto& b : sides[1]) {
            const auto has = [&](const auto& a) { return meets(a, b); };
            if (Kind::keeps_right && std::ranges::none_of(sides[0], has)) add(-1, b.number, b.time);
        }

        const auto note_late = [&late](const auto& one) {
            if constexpr (requires { one.bid; }) {
                late.insert(one.bid);
            } else {
                late.insert(one.price);
            }
        };
        strings out, cut;
        const auto check = [&](auto window) {
            const auto begin = [&](strings& to) {
                return start_join(to, kind, window, lateness{late_by * 1ms}, late_to(note_late));
            };
            auto running = begin(out);
            for (const auto& one : all) feed(running, one);
            REQUIRE(late == right_late);
            CHECK_FALSE(running.finish());
            CHECK(running.stats().keys == 0);
            CHECK(running.stats().open_windows == 0);
            auto first = begin(cut);
            const std::size_t at = random() % all.size();
            for (std::size_t i = 0; i < at; ++i) feed(first, all[i]);
            auto second = begin(cut);
            REQUIRE_FALSE(load(save(first), second));
            for (std::size_t i = at; i < all.size(); ++i) feed(second, all[i]);
            CHECK_FALSE(second.finish());
            REQUIRE(cut == out);
        };
        is_own ? check(halves{}) : check(tumbling{size * 1ms});
        std::multiset<std::string> rows;
        for (const auto& row : out)
            if (row[0] != 'W') rows.insert(row);
        REQUIRE(rows == right);
    }
}

}  // namespace

TEST_CASE("a window join gives the pairs of each window, and what has none, as a batch does") {
    check_streams(inner_join);
    check_streams(left_join);
    check_streams(right_join);
    check_streams(full_join);
}

TEST_CASE(
    "a damaged archive of a window join is refused, or gives other rows, and breaks nothing") {
    strings out;
    const auto begin = [&] { return start_join(out, full_join, tumbling{5ms}, drop_late); };
    auto running = begin();
    for (int i = 0; i < 8; ++i) {
        feed(running, {i % 2 == 0, std::string(1, static_cast<char>('a' + i % 3)), i, 1.0 * i});
    }
    const std::string good = save(running);
    for (std::size_t at = 0; at < good.size(); ++at) {
        for (const int bit : {0, 6}) {
            std::string bad = good;
            bad[at] = static_cast<char>(bad[at] ^ (1 << bit));
            auto loaded = begin();
            if (load(bad, loaded)) continue;
            feed(loaded, {true, "a", 7, 7});
            CHECK_FALSE(loaded.finish());
        }
    }
}

TEST_CASE("a window join has limits, and says what it is") {
    strings out;
    auto running = start_join(out, inner_join, tumbling{10ms}, max_held{2}, max_keys{1}, drop_late);
    for (int i = 0; i < 5; ++i) feed(running, {true, "a", i, 1.0 * i});
    feed(running, {false, "a", 1, 9});
    feed(running, {false, "b", 1, 9});
    CHECK(running.stats().refused_keys == 4);
    CHECK_FALSE(running.finish());
    CHECK(out == strings{"0 9 9", "1 9 9"});
    const std::string text =
        describe(window_join(from<trade>("trades") | key_by(&trade::symbol),
                             from<quote>("quotes") | key_by(&quote::symbol), tumbling{1min},
                             full_join, lateness{1s}, drop_late, as_couple(full_join)))
            .text();
    CAPTURE(text);
    CHECK(text.find("5_window_join <- 2_key_by, 4_key_by: join full, kind tumbling, size 1m") !=
          std::string::npos);
}
