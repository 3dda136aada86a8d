#include <millrace/pipeline/detail/windows/window_base.hpp>

#include <cstdint>
#include <map>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>

#include <millrace/analyzers/sum.hpp>
#include <millrace/analyzers/summary.hpp>
#include <millrace/operators/flat_map.hpp>
#include <millrace/operators/map.hpp>
#include <millrace/windows/sliding.hpp>

#include "../../fed.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

/// How many came of a symbol in 10 ms, by whether that is odd.
struct crowd {
    std::string parity;
    std::uint64_t count;
    timestamp time;
};

}  // namespace

template <>
inline constexpr auto millrace::schema<crowd> = fields(field{"parity", &crowd::parity},
                                                       field{"count", &crowd::count},
                                                       event_time{"time", &crowd::time});

TEST_CASE("windows count alike, whether keys share their time or each has its own") {
    const auto check = [](auto source) {
        fed keys{counts(source, tumbling{1s}, lateness{1s}, max_keys{1}, late_to("late"))};
        keys.push("a", 500);
        keys.push("a", 1500);
        keys.push("a", 600);   // corrects
        keys.push("a", 650);   // corrects again
        keys.push("b", 1700);  // one key too many
        keys.push("a", 2500);
        keys.push("a", 700);  // too late
        CHECK(keys.out == strings{"a 0 1 0 watermark open", "a 0 2 1 late open",
                                  "a 0 3 2 late open", "a 0 3 3 watermark",
                                  "a 1000 1 0 watermark open", "late a 700"});
        const pipeline_stats stats = keys.stats();
        CHECK(stats.late == 1);
        CHECK(stats.corrected == 2);
        CHECK(stats.refused_keys == 1);
        CHECK(stats.open_windows == 1);
        CHECK(stats.watermark == at_ms(2500));
    };
    check(from<trade>("t"));
    check(from<trade>("t", per_key(&trade::symbol)));
}

namespace {

constexpr auto picky = [](const auto& of) {
    const std::uint64_t n = at<"count">(of);
    if (n % 3 == 0) throw std::runtime_error{"an analyzer"};
    return static_cast<double>(n);
};
struct total_count {
    static constexpr fixed_string name = "all";
    std::uint64_t all = 0;

    void update(const auto&) noexcept { ++all; }
    void retract(const auto&) noexcept { --all; }
    void merge(const total_count& other) noexcept { all += other.all; }
    [[nodiscard]] std::uint64_t result() const noexcept { return all; }
    template <class Archive>
    void archive(Archive& ar) {
        ar(all);
    }
};
using picky_totals = summary<total_count, sum<picky>>;

using crowd_totals = std::map<std::pair<std::string, long long>, std::pair<std::uint64_t, double>>;

/// What is said last of each key and outer window of `slide` and `size`, both 0 for none, in
/// milliseconds, over counts by 10 ms that are corrected at random. Where `has_parity`, the key
/// changes with the count.
void check_picky(auto source, auto behind, bool has_parity, long long size, long long slide,
                 std::uint64_t thrown_at = ~std::uint64_t{0}) {
    const auto seed = test_seed();
    INFO("seed " << seed << " size " << size << " slide " << slide << " parity " << has_parity);
    std::mt19937 random{seed};
    for (int round = 0; round < 30; ++round) {
        crowd_totals told, expected;
        const auto make = [&] {
            return start(counts(source, tumbling{10ms}, lateness{1h}, drop_late) | behind,
                         [&](const auto& row) {
                             const auto start =
                                 size == 0 ? 0LL : row.window.start.time_since_epoch() / 1ms;
                             const auto all = at<"all">(row);
                             if (row.change == change::remove || all == 0) {
                                 told.erase({row.key, start});
                             } else {
                                 told[{row.key, start}] = {all, at<"sum">(row)};
                             }
                         });
        };
        auto running = make();
        std::map<std::pair<std::string, long long>, std::uint64_t> crowds;
        const long long span = 1 + static_cast<long long>(random() % 20);
        for (int i = 0; i < 120; ++i) {
            const std::string key(1, "ab"[random() % 2]);
            const long long ten = static_cast<long long>(random()) % span;
            ++crowds[{key, ten}];
            try {
                running.push({key, 1, 1, at_ms(ten * 10 + 5)});
            } catch (const std::runtime_error&) {
            }
            if (random() % 40 != 0) continue;
            const std::string saved = save(running);
            running = make();
            input_archive ar{saved};
            ar(running);
            REQUIRE(ar.ok());
        }
        try {
            static_cast<void>(running.finish());
        } catch (const std::runtime_error&) {
        }
        for (const auto& [of, size_of] : crowds) {
            const std::uint64_t n = size_of;
            if (n % 3 == 0 || n == thrown_at) continue;
            const std::string key = !has_parity ? of.first : n % 2 == 1 ? "odd" : "even";
            const auto add = [&](long long start) {
                auto& to = expected[{key, start}];
                ++to.first;
                to.second += static_cast<double>(n);
            };
            if (size == 0) {
                add(0);
                continue;
            }
            const long long time = of.second * 10 + 5;
            for (long long begin = time / slide * slide; begin > time - size; begin -= slide)
                add(begin);
        }
        REQUIRE(told == expected);
    }
}

}  // namespace

TEST_CASE(
    "what an analyzer or an operator throws at is in no window, nor is it taken back from one") {
    const auto check = [](auto behind, long long size, long long slide) {
        const auto throw_at_five = [](const auto& row) {
            if (at<"count">(row) == 5) throw std::runtime_error{"an operator"};
        };
        const auto by_parity = map([=](const auto& row) {
                                   throw_at_five(row);
                                   const auto n = at<"count">(row);
                                   return crowd{n % 2 == 1 ? "odd" : "even", n, row.window.start};
                               }) |
                               key_by(&crowd::parity);
        const auto throwing = flat_map([=](const auto& row) {
            throw_at_five(row);
            return std::vector{row};
        });
        check_picky(from<trade>("t", any_time), behind, false, size, slide);
        check_picky(from<trade>("t", any_time, per_key(&trade::symbol)), behind, false, size,
                    slide);
        check_picky(from<trade>("t", any_time), by_parity | behind, true, size, slide, 5);
        check_picky(from<trade>("t", any_time), throwing | behind, false, size, slide, 5);
    };
    check(process<picky_totals>(), 0, 0);
    check(window(tumbling{50ms}, lateness{1h}, drop_late) | process<picky_totals>(), 50, 50);
    check(window(sliding{50ms, 10ms}, lateness{1h}, drop_late) | process<picky_totals>(), 50, 10);
}
