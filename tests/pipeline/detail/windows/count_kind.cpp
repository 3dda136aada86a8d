#include <millrace/pipeline/detail/windows/count_kind.hpp>

#include <algorithm>
#include <map>
#include <span>

#include <millrace/analyzers/sum.hpp>
#include <millrace/analyzers/summary.hpp>
#include <millrace/storage/memory.hpp>

#include "../../fed.hpp"
#include "../../naive.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

using totals = summary<count, sum<&trade::price>>;

struct naive_row {
    std::string key;
    std::uint64_t number, count;
    double sum;
    timestamp start, last;
    trigger why;

    friend bool operator==(const naive_row&, const naive_row&) = default;
};

/// Windows by count by the textbook: all events are kept, and each window is made of them anew.
struct naive_counts {
    std::size_t size, slide;
    std::map<std::string, std::vector<trade>> events{};
    std::vector<naive_row> rows{};

    void push(const trade& one) {
        const std::string key{one.symbol};
        auto& all = events[key];
        all.push_back(one);
        if (all.size() >= size && (all.size() - size) % slide == 0)
            close(key, all.size() - size, all.size(), trigger::count);
    }
    void flush(const std::vector<std::string>& order) {
        for (const std::string& key : order) {
            const auto& all = events[key];
            for (std::size_t from = 0; from < all.size(); from += slide)
                if (from + size > all.size()) close(key, from, all.size(), trigger::stop);
        }
    }
    void close(const std::string& key, std::size_t from, std::size_t to, trigger why) {
        naive_row row{key, from / slide, 0, 0, timestamp::max(), timestamp::min(), why};
        for (std::size_t i = from; i < to; ++i) {
            const trade& each = events[key][i];
            ++row.count;
            row.sum += each.price;
            row.start = std::min(row.start, each.time);
            row.last = std::max(row.last, each.time);
        }
        rows.push_back(row);
    }
};

}  // namespace

TEST_CASE("random streams in windows by count give what the textbook gives, cut and in spans") {
    const auto seed = test_seed();
    std::mt19937 random{seed};
    for (int round = 0; round < 250; ++round) {
        const auto below = [&](unsigned most) { return static_cast<std::size_t>(random() % most); };
        const std::size_t size = 1 + below(12), slide = 1 + below(14);
        const int keys = 1 + static_cast<int>(below(9));
        const int jitter = random() % 3 == 0 ? 0 : static_cast<int>(1 + below(1500));
        const bool flushes = random() % 2 == 0, is_tumbling = random() % 3 == 0;
        const auto source = random() % 3;
        INFO("seed " << seed << " round " << round << " size " << size << " slide " << slide
                     << " keys " << keys << " jitter " << jitter << " flushes " << flushes
                     << " tumbling " << is_tumbling << " source " << source);
        random_trades input{static_cast<unsigned>(random()), 300, keys, jitter};
        for (trade& each : input.events) {
            each.time -= 102s;                               // through the epoch
            if (random() % 5 == 0) each.time = at_ms(-500);  // equal times
        }
        const auto check = [&](auto from, auto by, auto... options) {
            naive_counts naive{size, is_tumbling ? size : slide};
            std::vector<naive_row> rows;
            const auto make = [&] {
                return start(from | key_by(&trade::symbol) | window(by, options...) |
                                 process<totals, memory_storage>(),
                             [&](const auto& row) {
                                 rows.push_back({row.key, row.window.number, at<"count">(row),
                                                 at<"sum">(row), row.window.start,
                                                 row.window.end - duration{1}, row.fired_by});
                                 REQUIRE(row.late == 0);
                             });
            };
            auto running = make();
            for (std::size_t i = 0; i < input.events.size();) {
                if (random() % 3 == 0) {
                    const auto count = std::min(1 + below(40), input.events.size() - i);
                    running.push(std::span{input.events}.subspan(i, count));
                    for (const std::size_t end = i + count; i < end; ++i)
                        naive.push(input.events[i]);
                } else {
                    running.push(input.events[i]);
                    naive.push(input.events[i++]);
                }
                if (random() % 61 != 0) continue;
                const std::string saved = save(running);
                auto resumed = make();
                input_archive ar{saved};
                ar(resumed);
                REQUIRE(ar.ok());
                REQUIRE(ar.bytes_left() == 0);
                REQUIRE(save(resumed) == saved);
                running = std::move(resumed);
            }
            running.finish();
            if (flushes) {
                std::vector<std::string> order;  // of the keys' first events
                for (const trade& each : input.events) {
                    const std::string key{each.symbol};
                    if (std::ranges::find(order, key) == order.end()) order.push_back(key);
                }
                naive.flush(order);
            }
            REQUIRE(rows == naive.rows);
            REQUIRE(running.stats().late == 0);
        };
        const auto with = [&](auto from) {
            if (is_tumbling) {
                flushes ? check(from, tumbling_count{size}, flush_at_finish)
                        : check(from, tumbling_count{size});
            } else {
                flushes ? check(from, sliding_count{size, slide}, flush_at_finish)
                        : check(from, sliding_count{size, slide});
            }
        };
        if (source == 0) with(from<trade>("t"));
        if (source == 1) with(from<trade>("t", disorder{300ms}));
        if (source == 2) with(from<trade>("t", per_key(&trade::symbol)));
    }
}

TEST_CASE("random streams through a window of time behind one by count lose no record") {
    const auto seed = test_seed();
    std::mt19937 random{seed};
    for (int round = 0; round < 200; ++round) {
        const std::size_t size = 1 + random() % 5, slide = 1 + random() % 5;
        INFO("seed " << seed << " round " << round << " size " << size << " slide " << slide);
        random_trades input{static_cast<unsigned>(random()), 200, 5, 400};
        naive_counts naive{size, slide};
        std::uint64_t counted = 0;
        auto running =
            start(from<trade>("t") | key_by(&trade::symbol) |
                      window(sliding_count{size, slide}, flush_at_finish) | process<count>() |
                      window(tumbling{50ms}, drop_late) | process<count>(),
                  [&](const auto& row) { counted += at<"count">(row); });
        for (const trade& each : input.events) {
            running.push(each);
            naive.push(each);
        }
        running.finish();
        std::vector<std::string> keys;
        for (const auto& [key, events] : naive.events) keys.push_back(key);
        naive.flush(keys);
        REQUIRE(counted == naive.rows.size());
        REQUIRE(running.stats().late == 0);
    }
}
