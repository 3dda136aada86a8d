// What an event costs a pipeline whose work is in it, in ns of the wall's clock: ten analyzers of
// 1,000 keys in windows of one second, in the thread that makes the events, and in one and two
// loops of a `parallel` section beside it, ordered or not. The contenders take turns; printed are
// the medians of the rounds, and of how many times as fast two loops are. Two cores have to be
// free. Analyzers that keep a few numbers cost no more than it does to cross to another thread.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/millrace.hpp>

#include "trade.hpp"

namespace {

using namespace millrace;
using namespace std::chrono_literals;

constexpr std::size_t symbol_count = 1'000;

/// Batches of trades, again and again, each time later.
class generator {
public:
    generator() {
        std::mt19937 random{1};
        for (std::size_t i = 0; i != symbol_count; ++i)
            symbols_.push_back("SYM" + std::to_string(i));
        for (trade& each : drawn_)
            each = {symbols_[random() % symbol_count],
                    100 + static_cast<double>(random() % 10'000) / 100,
                    static_cast<double>(1 + random() % 500),
                    {}};
    }

    template <class Take>
    void give(std::size_t events, Take&& take) {
        timestamp now = *parse_rfc3339("2026-01-05T09:30:00Z");
        for (std::size_t given = 0; given < events; given += batch_.size()) {
            for (std::size_t i = 0; i != batch_.size(); ++i) {
                batch_[i] = drawn_[(given + i) % drawn_.size()];
                batch_[i].time = now += 10us;
            }
            take(batch_);
        }
    }

private:
    std::vector<std::string> symbols_;
    std::vector<trade> drawn_{64 * 1024};
    std::array<trade, 256> batch_;
};

constexpr auto lot = [](const trade& one) { return static_cast<std::int64_t>(one.size); };
constexpr auto tick = [](const trade& one) { return static_cast<std::int64_t>(one.price * 100); };

template <class... Last>
using summary_with =
    summary<count, ohlc<&trade::price, &trade::size>, weighted_mean<&trade::price, &trade::size>,
            mean<&trade::price>, variance<&trade::price>, stddev<&trade::price>,
            named<"size", min_max<&trade::size>>, named<"size_stddev", stddev<&trade::size>>,
            Last...>;
using few_numbers = summary_with<named<"size_variance", variance<&trade::size>>, sum<&trade::size>>;
using distinct_values = summary_with<named<"prices", count_distinct<tick, std::int64_t>>,
                                     named<"sizes", count_distinct<lot, std::int64_t>>>;

template <class Analyzer>
auto section() {
    return window(tumbling{1s}, drop_late) | process<Analyzer>();
}
auto source() { return from<trade>("trades", any_time) | key_by(&trade::symbol); }

struct totals {
    std::uint64_t rows = 0, events = 0;

    friend bool operator==(const totals&, const totals&) = default;
};

double ns_per_event(auto pipeline, std::size_t events, totals& out) {
    generator trades;
    auto running = start(std::move(pipeline), [&](const auto& row) {
        ++out.rows;
        out.events += at<"count">(row);
    });
    const auto begin = std::chrono::steady_clock::now();
    trades.give(events, [&](const auto& batch) { running.push(batch); });
    if (running.finish()) throw std::runtime_error{"a pipeline failed"};
    const std::chrono::duration<double, std::nano> spent = std::chrono::steady_clock::now() - begin;
    return spent.count() / static_cast<double>(events);
}

double median(std::vector<double> values) {
    std::ranges::sort(values);
    return values[values.size() / 2];
}

template <class Analyzer>
void compare(const char* what, std::size_t events, int rounds) {
    std::vector<double> alone, one, two, ordered_two, gain, ordered_gain;
    for (int round = 0; round != rounds; ++round) {
        std::array<totals, 4> out;
        const auto loops = [](std::size_t n) { return parallel(n, section<Analyzer>()); };
        const auto ordered_loops = [](std::size_t n) {
            return parallel(n, ordered, section<Analyzer>());
        };
        alone.push_back(ns_per_event(source() | section<Analyzer>(), events, out[0]));
        one.push_back(ns_per_event(source() | loops(1), events, out[1]));
        two.push_back(ns_per_event(source() | loops(2), events, out[2]));
        ordered_two.push_back(ns_per_event(source() | ordered_loops(2), events, out[3]));
        for (const totals& each : out)
            if (each != out[0]) throw std::runtime_error{"the results differ"};
        gain.push_back(alone.back() / two.back());
        ordered_gain.push_back(alone.back() / ordered_two.back());
    }
    std::printf("%-36s %8.1f %8.1f %8.1f %8.2f %8.1f %8.2f\n", what, median(alone), median(one),
                median(two), median(gain), median(ordered_two), median(ordered_gain));
}

}  // namespace

int main(int argc, char** argv) {
    const bool is_quick = argc > 1 && std::string_view{argv[1]} == "--quick";
    const std::size_t events = is_quick ? 1'024'000 : 4'096'000;
    const int rounds = is_quick ? 3 : 9;
    std::printf(
        "\nparallel, ten analyzers a key, ns an event; median of %d; 1.7 asked of two loops\n\n",
        rounds);
    std::printf("%-36s %8s %8s %8s %8s %8s %8s\n", "", "without", "1 loop", "2 loops", "times",
                "ordered", "times");
    compare<distinct_values>("two of which keep all values", events, rounds);
    compare<few_numbers>("each of a few numbers", events, rounds);
}
