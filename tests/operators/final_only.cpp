#include <millrace/operators/final_only.hpp>

#include <map>
#include <optional>

#include <millrace/analyzers/multiset_extreme.hpp>
#include <millrace/analyzers/sum.hpp>
#include <millrace/analyzers/summary.hpp>
#include <millrace/operators/filter.hpp>
#include <millrace/operators/map.hpp>
#include <millrace/operators/tee.hpp>

#include "../pipeline/fed.hpp"
#include "../pipeline/naive.hpp"

using namespace millrace;
using namespace std::chrono_literals;

TEST_CASE("only what nothing can correct any more passes, once") {
    fed keys{counts(from<trade>("t", idle_timeout{3s}), tumbling{1s}, lateness{1s}, drop_late) |
             final_only()};
    keys.push("a", 500);
    keys.push("a", 1500);
    keys.push("a", 600);
    keys.pass(5s);
    CHECK(keys.out.empty());
    keys.push("a", 2500);
    CHECK(keys.take() == strings{"a 0 2 2 watermark"});
    keys.running.finish();
    CHECK(keys.out == strings{"a 1000 1 2 stop", "a 2000 1 0 stop"});
}

TEST_CASE(
    "behind the final records of windows with a lateness time has come no further than they") {
    fed keys{counts(from<trade>("t"), tumbling{1s}, lateness{3s}, drop_late) | final_only() |
             window(tumbling{2s}, drop_late) | process<named<"count", sum<at<"count">>>>()};
    for (const int ms : {500, 1500, 3900, 700, 5500}) keys.push("a", ms);
    CHECK(keys.out == strings{"a 0 3.000000 0 watermark"});
    CHECK(keys.stats().late == 0);
}

TEST_CASE("a window without a final record says only what is new") {
    fed keys{counts(from<trade>("t"), tumbling{1s}, lateness{1s}, without_final, drop_late)};
    for (const int ms : {500, 1500, 600, 2500, 700}) keys.push("a", ms);
    keys.running.finish();
    CHECK(keys.out == strings{"a 0 1 0 watermark open", "a 0 2 1 late open",
                              "a 1000 1 0 watermark open", "a 2000 1 0 stop"});
    CHECK(keys.stats().late == 1);
}

namespace {

/// What a follower knows who applies each change to a table by key and window.
struct follower {
    std::map<std::pair<std::string, long long>, std::vector<double>> rows{};

    template <class Row>
    void operator()(const Row& row) {
        const std::pair at{row.key, ms_of(row.window.start)};
        if (row.change == change::remove) {
            REQUIRE(rows.erase(at) == 1);
            return;
        }
        std::vector<double> values;
        schema<decltype(row.result)>.for_each(
            [&](const auto& each) { values.push_back(static_cast<double>(each.get(row.result))); });
        rows[at] = values;
    }
};

struct bar {
    std::string symbol;
    double total;
};

constexpr auto total = [](const auto& row) { return static_cast<double>(at<"sum">(row)); };

using inner = summary<count, sum<&trade::price>>;
using outer = summary<count, sum<total>, multiset_min<total>, multiset_max<total>>;

}  // namespace

TEST_CASE("windows over windows that are corrected give what a batch computation gives") {
    const auto seed = test_seed();
    std::mt19937 random{seed};
    std::uint64_t late = 0, corrected = 0;
    for (int round = 0; round < 200; ++round) {
        const auto ms = [&](unsigned most) { return static_cast<int>(random() % most); };
        const int disorder_ms = ms(300), lateness_ms = ms(700), jitter = ms(1500);
        const double least = ms(3) == 0 ? 0 : ms(3000);  // a filter between the two
        const bool is_per_key = ms(2) == 0, is_sliced = ms(2) == 0;
        // As long as the first's, and every correction still counts.
        const int second_ms = lateness_ms + (ms(2) == 0 ? 0 : ms(500));
        INFO("seed " << seed << " round " << round << " disorder " << disorder_ms << " lateness "
                     << lateness_ms << " and " << second_ms << " jitter " << jitter << " least "
                     << least << " per key " << is_per_key << " sliced " << is_sliced);
        const random_trades input{static_cast<unsigned>(random()), 400, 4, jitter};
        const auto check = [&](auto source) {
            naive_windows naive{100, disorder_ms, lateness_ms, is_per_key};
            follower first, second, of_finals;
            std::uint64_t finals = 0;
            const auto make = [&] {
                auto description =
                    source | key_by(&trade::symbol) |
                    window(tumbling{100ms}, lateness{std::chrono::milliseconds{lateness_ms}},
                           drop_late) |
                    process<inner>() | publish("first") |
                    filter([=](const auto& row) { return at<"sum">(row) >= least; }) |
                    tee(final_only() | publish("final") | window(tumbling{500ms}, drop_late) |
                            process<outer>() | publish("of finals"),
                        window(tumbling{500ms}, lateness{std::chrono::milliseconds{second_ms}},
                               drop_late) |
                            process<outer>() | publish("second"));
                auto made =
                    start(std::move(description), [&](std::string_view topic, const auto& row) {
                        if (topic == "first") {
                            if constexpr (std::same_as<decltype(row.result), result_of<inner>>)
                                first(row);
                        } else if (topic == "second") {
                            second(row);
                        } else if (topic == "of finals") {
                            REQUIRE(row.change == change::insert);
                            of_finals(row);
                        } else {
                            REQUIRE(row.is_final);
                            REQUIRE(row.change == change::insert);
                            ++finals;
                        }
                    });
                if (is_sliced) made.close_in_slices(3);
                return made;
            };
            auto running = make();
            for (const trade& each : input.events) {
                naive.push(std::string{each.symbol}, ms_of(each.time), each.price);
                running.push(each);
                if (is_sliced && random() % 2 == 0) running.resume();
                if (random() % 97 != 0) continue;
                const std::string saved = save(running);
                running = make();
                input_archive ar{saved};
                ar(running);
                REQUIRE(ar.ok());
            }
            running.finish();
            REQUIRE(running.stats().late == naive.late);
            late += naive.late;
            corrected += running.stats().corrected;
            std::map<std::pair<std::string, long long>, std::vector<double>> expected;
            std::uint64_t passing = 0;
            REQUIRE(first.rows.size() == naive.windows.size());
            for (const auto& [at, of] : naive.windows) {
                REQUIRE(first.rows[at] ==
                        std::vector<double>{static_cast<double>(of.count), of.sum});
                if (least > of.sum) continue;
                ++passing;
                auto& row = expected[{at.first, at.second / 500 * 500}];
                if (row.empty()) row = {0, 0, of.sum, of.sum};
                row[0] += 1;
                row[1] += of.sum;
                row[2] = std::min(row[2], of.sum);
                row[3] = std::max(row[3], of.sum);
            }
            REQUIRE(second.rows == expected);
            REQUIRE(of_finals.rows == expected);
            REQUIRE(finals == passing);
        };
        const disorder off{std::chrono::milliseconds{disorder_ms}};
        if (is_per_key) {
            check(from<trade>("t", off, per_key(&trade::symbol)));
        } else {
            check(from<trade>("t", off));
        }
    }
    CHECK(late > 1000);
    CHECK(corrected > 1000);
}
