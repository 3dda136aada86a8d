#include <millrace/pipeline/detail/windows/sliding_kind.hpp>

#include <map>
#include <stdexcept>

#include <millrace/analyzers/sum.hpp>
#include <millrace/analyzers/summary.hpp>

#include "../../fed.hpp"
#include "../../naive.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

using totals = summary<count, sum<&trade::price>>;

/// Sliding windows by the textbook: each event goes into each of its windows, which are kept for
/// ever.
struct naive_sliding {
    long long size, slide, offset, disorder, lateness;  // milliseconds
    bool is_per_key;
    std::map<std::pair<std::string, long long>, naive_windows::totals> windows{};
    std::map<std::string, long long> latest{};
    std::uint64_t late = 0, corrected = 0;

    void push(const std::string& key, long long time, double value) {
        const std::string clock = is_per_key ? key : "";
        const auto at = latest.find(clock);
        const long long watermark = at == latest.end() ? -1'000'000'000 : at->second - disorder;
        int of = 0, refused = 0;
        long long start = offset;
        while (start <= time) start += slide;
        while (start > time) start -= slide;
        for (; start > time - size; start -= slide) {
            ++of;
            if (start + size + lateness <= watermark) {
                ++refused;
                continue;
            }
            if (start + size <= watermark) ++corrected;
            ++windows[{key, start}].count;
            windows[{key, start}].sum += value;
        }
        if (of > 0 && refused == of) ++late;
        latest[clock] = at == latest.end() ? time : std::max(at->second, time);
    }
};

/// What became of each window, that revisions come in order and nothing behind the final one, and
/// that windows fire in the order of their ends.
struct last_words {
    std::map<std::pair<std::string, long long>, record<std::string, result_of<totals>>> last{};
    timestamp closed = timestamp::min();
    bool is_ordered = true;

    void operator()(const record<std::string, result_of<totals>>& row) {
        const std::pair at{row.key, ms_of(row.window.start)};
        const auto known = last.find(at);
        REQUIRE(row.revision == (known == last.end() ? 0 : known->second.revision + 1));
        if (known != last.end()) REQUIRE_FALSE(known->second.is_final);
        if (row.revision == 0 && row.fired_by != trigger::late) {
            if (is_ordered) REQUIRE(row.window.end >= closed);
            closed = row.window.end;
        }
        last[at] = row;
    }
};

struct thrown_by_sink {};

}  // namespace

TEST_CASE("random streams give what the textbook gives, cut, sliced and through sinks that throw") {
    const auto seed = test_seed();
    std::mt19937 random{seed};
    for (int round = 0; round < 250; ++round) {
        const auto ms = [&](unsigned most) {
            return random() % 3 == 0 ? 0 : static_cast<int>(random() % most);
        };
        const int disorder_ms = ms(300), lateness_ms = ms(700), jitter = ms(1500), gaps = ms(60);
        const int keys = 1 + static_cast<int>(random() % 12);
        const int unit = 1 + static_cast<int>(random() % 90);
        const int slide_ms = unit * (1 + static_cast<int>(random() % 5));
        const int size_ms = unit * (1 + static_cast<int>(random() % 24));
        const int offset_ms = static_cast<int>(random() % 500) - 250;
        const bool is_per_key = random() % 2 == 0, is_sliced = random() % 2 == 0;
        const bool has_lateness = lateness_ms != 0 || random() % 2 == 0;
        const auto throws = random() % 2 == 0 ? 0 : 1 + random() % 40;
        INFO("seed " << seed << " round " << round << " size " << size_ms << " slide " << slide_ms
                     << " offset " << offset_ms << " disorder " << disorder_ms << " lateness "
                     << lateness_ms << " jitter " << jitter << " gaps " << gaps << " keys " << keys
                     << " per key " << is_per_key << " sliced " << is_sliced << " throws "
                     << throws);
        random_trades input{static_cast<unsigned>(random()), 300, keys, jitter};
        long long gap = -102'000;  // through the epoch, and with quiet times
        for (trade& each : input.events) {
            if (gaps != 0 && random() % static_cast<unsigned>(gaps) == 0)
                gap += static_cast<long long>(random() % 3000);
            each.time += std::chrono::milliseconds{gap};
        }

        const auto check = [&](auto source, auto... options) {
            naive_sliding naive{size_ms, slide_ms, offset_ms, disorder_ms, lateness_ms, is_per_key};
            last_words words;
            words.is_ordered = !is_per_key;
            std::uint64_t late_calls = 0;
            const auto make = [&] {
                const std::chrono::milliseconds size{size_ms}, slide{slide_ms}, offset{offset_ms};
                auto made = start(source | key_by(&trade::symbol) |
                                      window(sliding{size, slide, offset}, options...,
                                             late_to([&](const trade&) { ++late_calls; })) |
                                      process<totals>(),
                                  [&](const auto& row) {
                                      words(row);
                                      if (throws != 0 && random() % throws == 0)
                                          throw thrown_by_sink{};
                                  });
                if (is_sliced) made.close_in_slices(3);
                return made;
            };
            auto running = make();
            const auto until_done = [](auto&& work) {
                for (;;) {
                    try {
                        return work();
                    } catch (const thrown_by_sink&) {
                    }
                }
            };
            for (const trade& each : input.events) {
                const std::uint64_t before = running.stats().events;
                until_done([&] {
                    if (running.stats().events == before) running.push(each);
                });
                naive.push(std::string{each.symbol}, ms_of(each.time), each.price);
                if (is_sliced && random() % 2 == 0) until_done([&] { running.resume(); });
                if (random() % 97 != 0) continue;
                std::string saved;
                until_done([&] { saved = save(running); });
                auto resumed = make();
                input_archive ar{saved};
                ar(resumed);
                REQUIRE(ar.ok());
                REQUIRE(ar.bytes_left() == 0);
                REQUIRE(save(resumed) == saved);
                running = std::move(resumed);
            }
            until_done([&] { running.finish(); });
            const pipeline_stats stats = running.stats();
            REQUIRE(stats.late == naive.late);
            REQUIRE(late_calls == naive.late);
            REQUIRE(stats.corrected == naive.corrected);
            REQUIRE(stats.open_windows == 0);
            REQUIRE(stats.keys == 0);
            REQUIRE(words.last.size() == naive.windows.size());
            for (const auto& [at, expected] : naive.windows) {
                const auto& row = words.last[at];
                REQUIRE(millrace::at<"count">(row) == expected.count);
                REQUIRE(millrace::at<"sum">(row) == expected.sum);
                REQUIRE(row.is_final);
                REQUIRE(row.window.end - row.window.start == std::chrono::milliseconds{size_ms});
            }
        };
        const disorder off{std::chrono::milliseconds{disorder_ms}};
        const lateness later{std::chrono::milliseconds{lateness_ms}};
        if (is_per_key) {
            has_lateness ? check(from<trade>("t", off, per_key(&trade::symbol)), later)
                         : check(from<trade>("t", off, per_key(&trade::symbol)));
        } else {
            has_lateness ? check(from<trade>("t", off), later) : check(from<trade>("t", off));
        }
    }
}
