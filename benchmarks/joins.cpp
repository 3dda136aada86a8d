// What an event costs in a join of two streams, in ns, beside the same work written by hand: one
// loop, a tsl::robin_map of small vectors that lie in the order of time, the same watermark. The
// contenders take turns; printed are the medians of the rounds, and of the rounds' ratios.
#include <tsl/robin_map.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <random>
#include <span>
#include <stdexcept>
#include <string_view>
#include <vector>

#include <millrace/millrace.hpp>

namespace {

struct trade {
    std::int64_t symbol = 0;
    double price = 0;
    millrace::timestamp time{};
};
struct quote {
    std::int64_t symbol = 0;
    double bid = 0;
    millrace::timestamp time{};
};
struct result {
    double value = 0;
};

}  // namespace

template <>
inline constexpr auto millrace::schema<trade> = fields(field{"symbol", &trade::symbol},
                                                       field{"price", &trade::price},
                                                       event_time{"time", &trade::time});
template <>
inline constexpr auto millrace::schema<quote> = fields(field{"symbol", &quote::symbol},
                                                       field{"bid", &quote::bid},
                                                       event_time{"time", &quote::time});
template <>
inline constexpr auto millrace::schema<result> = fields(field{"value", &result::value});

namespace {

using namespace millrace;
using namespace std::chrono_literals;

constexpr std::size_t batch_size = 32;
constexpr auto nearness = 100ms;

/// As many trades as quotes, a pair each 40 us of event time.
struct input {
    std::vector<trade> trades;
    std::vector<quote> quotes;

    explicit input(std::size_t events, std::int64_t keys) {
        std::mt19937 random{7};
        timestamp now{};
        for (std::size_t i = 0; i < events / 2; ++i) {
            now += 40us;
            const auto key = [&] { return static_cast<std::int64_t>(random()) % keys * 7919; };
            trades.push_back({key(), static_cast<double>(random() % 1000), now});
            quotes.push_back({key(), static_cast<double>(random() % 1000), now - 20us});
        }
    }
    [[nodiscard]] std::size_t events() const noexcept { return trades.size() + quotes.size(); }

    /// The sides by turns, a batch at a time, as from two sockets.
    template <class OnTrades, class OnQuotes>
    void for_each_batch(OnTrades&& on_trades, OnQuotes&& on_quotes) const {
        for (std::size_t at = 0; at < trades.size(); at += batch_size) {
            const std::size_t size = std::min(batch_size, trades.size() - at);
            on_trades(std::span{trades.data() + at, size});
            on_quotes(std::span{quotes.data() + at, size});
        }
    }
};

struct total {
    double sum = 0;
    std::uint64_t rows = 0;

    void add(double value) {
        sum += value;
        ++rows;
    }
    friend bool operator==(const total&, const total&) = default;
};

template <class Work>
double ns_per_event(const input& in, Work&& work) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double, std::nano> spent = std::chrono::steady_clock::now() - begin;
    return spent.count() / static_cast<double>(in.events());
}

auto trades_of() { return from<trade>("trades", any_time) | key_by(&trade::symbol); }
auto quotes_of() { return from<quote>("quotes", any_time) | key_by(&quote::symbol); }

template <class Description>
double by_millrace(const input& in, Description description, total& out) {
    auto running = start(std::move(description), [&out](const result& one) { out.add(one.value); });
    auto trades = running.template source<0>();
    auto quotes = running.template source<1>();
    return ns_per_event(in, [&] {
        in.for_each_batch([&](auto events) { trades.push(events); },
                          [&](auto events) { quotes.push(events); });
        if (running.finish()) std::exit(1);
    });
}

/// How far the time of both has come.
struct both_times {
    timestamp trades = timestamp::min(), quotes = timestamp::min();

    [[nodiscard]] timestamp until() const noexcept { return std::min(trades, quotes); }
};

/// Those of a key in the order of time, of which the first may have gone.
template <class Row>
struct row_vector {
    std::vector<Row> rows;
    std::size_t first = 0;

    void add(const Row& one) {
        const auto is_later = [](const Row& a, const Row& b) { return a.time < b.time; };
        if (rows.size() == first || rows.back().time <= one.time) {
            rows.push_back(one);
        } else {
            rows.insert(std::upper_bound(rows.begin() + static_cast<std::ptrdiff_t>(first),
                                         rows.end(), one, is_later),
                        one);
        }
    }
    void drop_before(timestamp time) {
        while (first < rows.size() && rows[first].time < time) ++first;
        if (first > 16 && first * 2 > rows.size()) {
            rows.erase(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(first));
            first = 0;
        }
    }
};

auto interval() {
    return interval_join(trades_of(), quotes_of(), between{0s, nearness}, drop_late,
                         [](const trade& t, const quote& q) { return result{t.price - q.bid}; });
}
double interval_by_hand(const input& in, total& out) {
    struct slot {
        row_vector<trade> trades;
        row_vector<quote> quotes;
    };
    tsl::robin_map<std::int64_t, slot> keys;
    both_times times;
    return ns_per_event(in, [&] {
        in.for_each_batch(
            [&](auto events) {
                for (const trade& t : events) {
                    if (t.time < times.until()) continue;
                    slot& of = keys[t.symbol];
                    of.quotes.drop_before(times.until());
                    of.trades.drop_before(times.until() - nearness);
                    for (std::size_t i = of.quotes.first; i < of.quotes.rows.size(); ++i) {
                        const quote& q = of.quotes.rows[i];
                        if (q.time > t.time + nearness) break;
                        if (q.time >= t.time) out.add(t.price - q.bid);
                    }
                    of.trades.add(t);
                    times.trades = std::max(times.trades, t.time);
                }
            },
            [&](auto events) {
                for (const quote& q : events) {
                    if (q.time < times.until()) continue;
                    slot& of = keys[q.symbol];
                    of.trades.drop_before(times.until() - nearness);
                    of.quotes.drop_before(times.until());
                    for (std::size_t i = of.trades.first; i < of.trades.rows.size(); ++i) {
                        const trade& t = of.trades.rows[i];
                        if (t.time > q.time) break;
                        if (q.time <= t.time + nearness) out.add(t.price - q.bid);
                    }
                    of.quotes.add(q);
                    times.quotes = std::max(times.quotes, q.time);
                }
            });
    });
}

auto asof_of_a_trade() {
    return asof_join(trades_of(), quotes_of(), within{nearness}, drop_late,
                     [](const trade& t, const quote* q) {
                         return result{q != nullptr ? t.price - q->bid : t.price};
                     });
}
double asof_by_hand(const input& in, total& out) {
    tsl::robin_map<std::int64_t, row_vector<quote>> keys;
    std::deque<trade> waiting;
    both_times times;
    const auto release = [&](timestamp until) {
        while (!waiting.empty() && waiting.front().time < until) {
            const trade& t = waiting.front();
            const quote* found = nullptr;
            if (const auto at = keys.find(t.symbol); at != keys.end()) {
                auto& of = at.value();
                for (std::size_t i = of.rows.size(); i > of.first; --i) {
                    if (of.rows[i - 1].time > t.time) continue;
                    if (of.rows[i - 1].time + nearness >= t.time) found = &of.rows[i - 1];
                    break;
                }
            }
            out.add(found != nullptr ? t.price - found->bid : t.price);
            waiting.pop_front();
        }
    };
    return ns_per_event(in, [&] {
        in.for_each_batch(
            [&](auto events) {
                for (const trade& t : events) {
                    if (t.time < times.until()) continue;
                    waiting.push_back(t);  // they come in order
                    times.trades = std::max(times.trades, t.time);
                    release(times.until());
                }
            },
            [&](auto events) {
                for (const quote& q : events) {
                    auto& of = keys[q.symbol];
                    of.drop_before(times.until() - nearness);
                    of.add(q);
                    times.quotes = std::max(times.quotes, q.time);
                    release(times.until());
                }
            });
        release(timestamp::max());
    });
}

auto lookup() {
    return lookup_join(trades_of(), quotes_of(), [](const trade& t, const quote* q) {
        return result{q != nullptr ? t.price - q->bid : t.price};
    });
}
double lookup_by_hand(const input& in, total& out) {
    tsl::robin_map<std::int64_t, quote> keys;
    return ns_per_event(in, [&] {
        in.for_each_batch(
            [&](auto events) {
                for (const trade& t : events) {
                    const auto at = keys.find(t.symbol);
                    out.add(at != keys.end() ? t.price - at->second.bid : t.price);
                }
            },
            [&](auto events) {
                for (const quote& q : events) keys[q.symbol] = q;
            });
    });
}

double median(std::vector<double> values) {
    std::ranges::sort(values);
    return values[values.size() / 2];
}

template <class Describe, class ByHand>
void compare(const char* what, const input& in, double target, int rounds, Describe describe_it,
             ByHand by_hand) {
    std::vector<double> ours, theirs, ratios;
    for (int round = 0; round < rounds; ++round) {
        total our_total, their_total;
        ours.push_back(by_millrace(in, describe_it(), our_total));
        theirs.push_back(by_hand(in, their_total));
        if (our_total != their_total) throw std::runtime_error{"the results differ"};
        ratios.push_back(ours.back() / theirs.back());
    }
    std::printf("%-20s %10.1f %10.1f %8.2f   %.1f\n", what, median(ours), median(theirs),
                median(ratios), target);
}

}  // namespace

int main(int argc, char** argv) {
    const bool is_quick = argc > 1 && std::string_view{argv[1]} == "--quick";
    const input in{is_quick ? 400'000u : 2'000'000u, 1000};
    const int rounds = is_quick ? 3 : 9;
    std::printf("joins, 1,000 keys, ns an event; median of %d\n\n", rounds);
    std::printf("%-20s %10s %10s %8s   %s\n", "", "millrace", "by hand", "ratio", "asked");
    compare("interval_join", in, 1.5, rounds, interval, interval_by_hand);
    compare("asof_join", in, 1.5, rounds, asof_of_a_trade, asof_by_hand);
    compare("lookup_join", in, 1.5, rounds, lookup, lookup_by_hand);
}
