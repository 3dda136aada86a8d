// Two whole pipelines, whose settings and input are drawn, beside what a batch computes: sources
// that meet, filters, a join with a third, windows in one to three loops, a tee and a table; cut by
// saving and loading, and recorded and replayed.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <limits>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/analyzers/count.hpp>
#include <millrace/analyzers/sum.hpp>
#include <millrace/analyzers/summary.hpp>
#include <millrace/operators/filter.hpp>
#include <millrace/operators/tee.hpp>
#include <millrace/pipeline/asof_join.hpp>
#include <millrace/pipeline/interval_join.hpp>
#include <millrace/pipeline/parallel.hpp>
#include <millrace/pipeline/process.hpp>
#include <millrace/pipeline/publish.hpp>
#include <millrace/pipeline/record_to.hpp>
#include <millrace/pipeline/replay.hpp>
#include <millrace/pipeline/top_n.hpp>
#include <millrace/pipeline/union_of.hpp>
#include <millrace/windows/sliding.hpp>
#include <millrace/windows/tumbling.hpp>

#include "joined.hpp"
#include "temporary_folder.hpp"

using namespace millrace;
using namespace std::chrono_literals;
using strings = std::vector<std::string>;

namespace {

/// Of the trades' first and second source, and of the quotes'; a time alone has no key.
struct input {
    std::size_t source;
    std::string key;
    long long time;
    int number;

    [[nodiscard]] bool is_watermark() const { return key.empty(); }
};

struct drawn_graph {
    int every_trade, every_quote;  ///< numbers that can be divided by these are filtered out
    long long from, to;            ///< of an interval join
    long long late_by, size, slide;
    std::size_t silent;  ///< sends nothing at all; 3 for none
    std::size_t loops;   ///< of the windows
    std::vector<input> inputs{};

    explicit drawn_graph(std::mt19937& random) {
        const auto below = [&](long long n) {
            return static_cast<long long>(random() % static_cast<unsigned long long>(n));
        };
        every_trade = static_cast<int>(2 + below(4));
        every_quote = static_cast<int>(2 + below(4));
        from = below(60) - 40;
        to = from + below(50);
        late_by = below(2) == 0 ? 0 : below(40);
        slide = 1 + below(30);
        size = slide * (1 + below(4));
        silent = static_cast<std::size_t>(below(6) == 0 ? below(3) : 3);
        loops = static_cast<std::size_t>(1 + below(3));
        const long long keys = 1 + below(5), disorder = below(30), step = 1 + below(12);
        long long now[3]{below(40), below(40), below(40)};
        for (int number = 1; number != 200; ++number) {
            const auto source = static_cast<std::size_t>(below(3));
            if (source == silent) continue;
            long long& time = now[source];
            time += below(step) + (below(60) == 0 ? below(300) : 0);
            const long long back = below(30) == 0 ? below(200) : below(disorder + 1);
            inputs.push_back({source, std::string(1, static_cast<char>('a' + below(keys))),
                              time - back, number});
            if (below(3) == 0) inputs.push_back({source, "", time - disorder, 0});
        }
    }
};

/// What is late where both sides of a join have passed it, and so is left out.
class naive_time {
public:
    explicit naive_time(long long late_by) : late_by_{late_by} {}

    bool takes(const input& one) {
        if (one.is_watermark()) {
            came_[one.source] = std::max(came_[one.source], one.time);
            passed_ = *std::min_element(std::begin(came_), std::end(came_));
            return false;
        }
        return passed_ == never || one.time >= passed_ - late_by_;
    }

private:
    static constexpr long long never = std::numeric_limits<long long>::min();
    long long late_by_, passed_ = never;
    long long came_[3]{never, never, never};
};

/// Windows by start and key: how many rows, and the sum of the quotes' numbers.
using window_totals = std::map<std::pair<long long, std::string>, std::pair<std::uint64_t, int>>;

void add_to_windows(window_totals& all, const drawn_graph& graph, long long slide,
                    const std::string& key, long long time, int bid) {
    long long start = time / slide * slide;
    if (start > time) start -= slide;
    for (; start > time - graph.size; start -= slide) {
        auto& [count, sum] = all[{start, key}];
        ++count;
        sum += bid;
    }
}

struct batch {
    std::vector<input> trades{}, quotes{};
    std::uint64_t late = 0;

    explicit batch(const drawn_graph& graph) {
        naive_time time{graph.late_by};
        for (const auto& one : graph.inputs) {
            const bool is_quote = one.source == 2;
            const bool is_taken = time.takes(one);
            if (one.is_watermark()) continue;
            if (one.number % (is_quote ? graph.every_quote : graph.every_trade) == 0) continue;
            if (!is_taken) {
                ++late;
            } else {
                (is_quote ? quotes : trades).push_back(one);
            }
        }
    }
};

template <class Event>
auto drawn_source(const char* name) {
    return from<Event>(name, any_time,
                       punctuated([](const Event&) { return std::optional<timestamp>{}; }));
}

auto drawn_trades(const drawn_graph& graph) {
    return union_of(drawn_source<trade>("A"), drawn_source<trade>("B"), max_lag{duration::max()}) |
           filter([every = graph.every_trade](const trade& one) {
               return static_cast<int>(one.price) % every != 0;
           }) |
           key_by(&trade::symbol);
}

auto drawn_quotes(const drawn_graph& graph) {
    return drawn_source<quote>("quotes") | filter([every = graph.every_quote](const quote& one) {
               return static_cast<int>(one.bid) % every != 0;
           }) |
           key_by(&quote::symbol);
}

/// What becomes of trades whose size is a quote's number, in several loops.
template <class Joined, class Window>
auto totals_of(Joined joined, const drawn_graph& graph, const Window& windows) {
    return std::move(joined) | key_by(&trade::symbol) |
           parallel(graph.loops, ordered,
                    window(windows, drop_late) |
                        process<summary<millrace::count, sum<&trade::size>>>()) |
           tee(top_n<2>(at<"sum">) | publish("top")) | publish("sums");
}

/// The pairs of an interval join, in tumbling windows.
struct interval_graph {
    static auto make(const drawn_graph& graph) {
        auto pairs = interval_join(
            drawn_trades(graph), drawn_quotes(graph), between{graph.from * 1ms, graph.to * 1ms},
            lateness{graph.late_by * 1ms}, drop_late, max_lag{duration::max()},
            [](const trade& one, const quote& other) {
                return trade{one.symbol, one.price, other.bid, std::max(one.time, other.time)};
            });
        return totals_of(std::move(pairs), graph, tumbling{graph.size * 1ms});
    }

    static window_totals naive(const drawn_graph& graph, const batch& all) {
        window_totals windows;
        for (const auto& one : all.trades)
            for (const auto& other : all.quotes)
                if (one.key == other.key && other.time - one.time >= graph.from &&
                    other.time - one.time <= graph.to)
                    add_to_windows(windows, graph, graph.size, one.key,
                                   std::max(one.time, other.time), other.number);
        return windows;
    }
};

/// Each trade with the quote that holds at its time, if any, in sliding windows.
struct asof_graph {
    static auto make(const drawn_graph& graph) {
        auto priced = asof_join(
            drawn_trades(graph), drawn_quotes(graph), lateness{graph.late_by * 1ms}, drop_late,
            max_lag{duration::max()}, [](const trade& one, const quote* found) {
                return trade{one.symbol, one.price, found != nullptr ? found->bid : 0, one.time};
            });
        return totals_of(std::move(priced), graph, sliding{graph.size * 1ms, graph.slide * 1ms});
    }

    static window_totals naive(const drawn_graph& graph, const batch& all) {
        window_totals windows;
        for (const auto& one : all.trades) {
            const input* found = nullptr;
            for (const auto& other : all.quotes)
                if (other.key == one.key && other.time <= one.time &&
                    (found == nullptr || other.time >= found->time))
                    found = &other;
            add_to_windows(windows, graph, graph.slide, one.key, one.time,
                           found != nullptr ? found->number : 0);
        }
        return windows;
    }
};

/// What came out: lines in order, and what they say.
struct outcome {
    strings lines{};
    window_totals sums{};
    std::map<long long, std::vector<int>> top{};  ///< the sums of each window, as they came

    template <class Row>
    void add(std::string_view topic, const Row& row) {
        const long long start = row.window.start.time_since_epoch() / 1ms;
        const int sum = static_cast<int>(at<"sum">(row));
        lines.push_back(std::string{topic} + " " + row.key + " " + std::to_string(start) + " " +
                        std::to_string(sum) + " " + std::to_string(at<"count">(row)));
        if (topic == "top") {
            top[start].push_back(sum);
        } else {
            const auto [_, is_new] = sums.try_emplace({start, row.key}, at<"count">(row), sum);
            CHECK(is_new);
        }
    }
};

std::map<long long, std::vector<int>> naive_top(const window_totals& windows) {
    std::map<long long, std::vector<int>> top;
    for (const auto& [where, totals] : windows) top[where.first].push_back(totals.second);
    for (auto& [start, sums] : top) {
        std::ranges::sort(sums, std::greater<>{});
        sums.resize(std::min<std::size_t>(sums.size(), 2));
    }
    return top;
}

template <class Running>
void feed(Running& running, const input& one) {
    const timestamp time = at_ms(one.time);
    const auto into = [&](auto source, auto event) {
        one.is_watermark() ? source.advance(time) : static_cast<void>(source.push(event));
    };
    const trade traded{one.key, static_cast<double>(one.number), 1, time};
    if (one.source == 0) into(running.template source<0>(), traded);
    if (one.source == 1) into(running.template source<1>(), traded);
    if (one.source == 2)
        into(running.template source<2>(),
             quote{one.key, static_cast<double>(one.number), 0, time});
}

template <class Graph>
void check_graphs(const unsigned seed, bool keeps_late_quotes) {
    const temporary_folder folder;
    for (unsigned run = 0; run < 200; ++run) {
        CAPTURE(seed, run);
        std::mt19937 random{seed * 1000 + run};
        drawn_graph graph{random};
        if (!keeps_late_quotes) {
            naive_time time{graph.late_by};
            std::erase_if(graph.inputs, [&](const input& one) {
                return !time.takes(one) && !one.is_watermark() && one.source == 2;
            });
        }
        const batch all{graph};
        const window_totals right = Graph::naive(graph, all);

        const std::string file = folder / std::to_string(run);
        outcome whole;
        const auto sink = [](outcome& to) {
            return [&to](std::string_view topic, const auto& row) { to.add(topic, row); };
        };
        auto running = start(Graph::make(graph), sink(whole), record_to(file));
        for (const auto& one : graph.inputs) feed(running, one);
        CHECK_FALSE(running.finish());
        REQUIRE(whole.sums == right);
        REQUIRE(whole.top == naive_top(right));
        REQUIRE(running.stats().late == all.late);

        outcome cut;
        auto first = start(Graph::make(graph), sink(cut));
        const std::size_t at = random() % graph.inputs.size();
        for (std::size_t i = 0; i != at; ++i) feed(first, graph.inputs[i]);
        auto second = start(Graph::make(graph), sink(cut));
        REQUIRE_FALSE(load(save(first), second));
        for (std::size_t i = at; i != graph.inputs.size(); ++i) feed(second, graph.inputs[i]);
        CHECK_FALSE(second.finish());
        REQUIRE(second.stats().late == all.late);
        REQUIRE(cut.lines == whole.lines);

        outcome replayed;
        auto again = replay(file, Graph::make(graph), sink(replayed));
        REQUIRE_FALSE(again.run());
        REQUIRE(replayed.lines == whole.lines);
        REQUIRE(again.pipeline().stats().late == all.late);
    }
}

}  // namespace

TEST_CASE("a union, filters, an interval join, windows, a tee and a table give what a batch does") {
    check_graphs<interval_graph>(test_seed(), true);
}

TEST_CASE("a union, filters, an as-of join, sliding windows, a tee and a table give so, too") {
    check_graphs<asof_graph>(test_seed(), false);
}
