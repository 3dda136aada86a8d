// What an event costs in dedup and in top_n, in ns, beside the same work written by hand: one loop,
// a tsl::robin_map, a sorted array of ten, the same watermark. The contenders take turns; printed
// are the medians of the rounds, and of the rounds' ratios.
#include <tsl/robin_map.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <set>
#include <span>
#include <stdexcept>
#include <string_view>
#include <vector>

#include <millrace/millrace.hpp>

namespace {

struct order {
    std::int64_t id = 0;
    double amount = 0;
    millrace::timestamp time{};
};

}  // namespace

template <>
inline constexpr auto millrace::schema<order> = fields(field{"id", &order::id},
                                                       field{"amount", &order::amount},
                                                       event_time{"time", &order::time});

namespace {

using namespace millrace;
using namespace std::chrono_literals;

constexpr std::size_t batch_size = 32;
constexpr auto span_of_one = 20ms;
constexpr std::size_t highest = 10;
constexpr auto window_size = 100ms;

struct total {
    double sum = 0;
    std::uint64_t rows = 0;

    void add(double value) {
        sum += value;
        ++rows;
    }
    friend bool operator==(const total&, const total&) = default;
};

using input = std::vector<order>;

/// One each 20 us. A third has come before, within the last thousand.
input repeated_orders(std::size_t count) {
    std::mt19937 random{7};
    input all;
    timestamp now{};
    for (std::size_t i = 0; i < count; ++i) {
        now += 20us;
        const bool is_again = i > 1000 && random() % 3 == 0;
        const auto id =
            is_again ? all[i - 1 - random() % 1000].id : static_cast<std::int64_t>(random()) * 7919;
        all.push_back({id, static_cast<double>(random() % 1000), now});
    }
    return all;
}
/// Of so many customers.
input orders_of(std::size_t count, std::int64_t customers) {
    std::mt19937 random{7};
    input all;
    timestamp now{};
    for (std::size_t i = 0; i < count; ++i) {
        now += 20us;
        all.push_back({static_cast<std::int64_t>(random()) % customers * 7919,
                       static_cast<double>(random() % 1000), now});
    }
    return all;
}

template <class Take>
double ns_per_event(const input& in, Take&& take) {
    const auto begin = std::chrono::steady_clock::now();
    for (std::size_t at = 0; at < in.size(); at += batch_size)
        take(std::span{in.data() + at, std::min(batch_size, in.size() - at)});
    const std::chrono::duration<double, std::nano> spent = std::chrono::steady_clock::now() - begin;
    return spent.count() / static_cast<double>(in.size());
}

auto orders() { return from<order>("orders", any_time); }

template <class Description, class Value>
double by_millrace(const input& in, Description description, Value value, total& out) {
    auto running = start(std::move(description), [&](const auto& one) { out.add(value(one)); });
    const double ns = ns_per_event(in, [&](auto events) { running.push(events); });
    if (running.finish()) std::exit(1);
    return ns;
}

double dedup_by_millrace(const input& in, total& out) {
    return by_millrace(
        in, orders() | dedup(&order::id, within{span_of_one}),
        [](const order& one) { return one.amount; }, out);
}
/// What is over goes as a queue says that holds each identity once.
double dedup_by_hand(const input& in, total& out) {
    struct passed {
        std::int64_t id;
        timestamp time;
    };
    tsl::robin_map<std::int64_t, timestamp> went_on;
    std::vector<passed> queue;
    std::size_t first = 0;
    timestamp latest = timestamp::min();
    return ns_per_event(in, [&](auto events) {
        for (const order& one : events) {
            latest = std::max(latest, one.time);
            while (first < queue.size() && queue[first].time + span_of_one < latest)
                went_on.erase(queue[first++].id);
            if (first > 1024 && first * 2 > queue.size()) {
                queue.erase(queue.begin(), queue.begin() + static_cast<std::ptrdiff_t>(first));
                first = 0;
            }
            if (!went_on.try_emplace(one.id, one.time).second) continue;
            queue.push_back({one.id, one.time});
            out.add(one.amount);
        }
    });
}

double top_by_millrace(const input& in, total& out) {
    return by_millrace(
        in,
        orders() | key_by(&order::id) | window(tumbling{window_size}, drop_late) |
            process<sum<&order::amount>>() | top_n<highest>(at<"sum">),
        [](const auto& row) { return at<"sum">(row); }, out);
}
/// A map of sums, of which the highest ten are put in order at a window's end.
double top_by_hand(const input& in, total& out) {
    tsl::robin_map<std::int64_t, double> sums;
    timestamp end = timestamp{window_size};
    const auto close = [&] {
        std::array<double, highest + 1> best{};
        std::size_t size = 0;
        for (const auto& [id, sum_of_one] : sums) {
            if (size == highest && sum_of_one <= best[size - 1]) continue;
            std::size_t at = size;
            for (; at > 0 && best[at - 1] < sum_of_one; --at) best[at] = best[at - 1];
            best[at] = sum_of_one;
            size = std::min(size + 1, highest);
        }
        for (std::size_t i = 0; i < size; ++i) out.add(best[i]);
        sums.clear();
    };
    const double ns = ns_per_event(in, [&](auto events) {
        for (const order& one : events) {
            if (one.time >= end) {
                close();
                while (one.time >= end) end += window_size;
            }
            sums[one.id] += one.amount;
        }
    });
    close();
    return ns;
}

/// Of records alone: each has the newest amount of its customer.
struct newest_amount {
    static constexpr fixed_string name = "amount";
    double value = 0;
    void update(const order& one) { value = one.amount; }
    [[nodiscard]] double result() const { return value; }
    template <class Archive>
    void archive(Archive& ar) {
        ar(value);
    }
};
double running_top_by_millrace(const input& in, total& out) {
    return by_millrace(
        in,
        orders() | key_by(&order::id) | process<newest_amount>() |
            top_n<highest>(at<"amount">, running_top),
        [](const auto& row) { return at<"amount">(row); }, out);
}
/// A map of what each has and a set of all, with an iterator at the last that is high.
double running_top_by_hand(const input& in, total& out) {
    struct rank {
        double amount;
        std::uint64_t order_of_key;
        bool operator<(const rank& other) const {
            return amount != other.amount ? amount > other.amount
                                          : order_of_key < other.order_of_key;
        }
    };
    tsl::robin_map<std::int64_t, rank> newest;
    std::set<rank> ranked;
    std::set<rank>::iterator edge;  // the last of the highest, where there are as many
    const auto is_high = [&](const rank& one) { return ranked.size() < highest || !(*edge < one); };
    return ns_per_event(in, [&](auto events) {
        for (const order& one : events) {
            const auto [at, is_new] = newest.try_emplace(one.id, rank{0, newest.size()});
            const rank before = at->second;
            const bool was_high = !is_new && is_high(before);
            std::set<rank>::node_type node;
            if (!is_new) {
                if (ranked.size() > highest && was_high) ++edge;
                node = ranked.extract(before);
            }
            const bool has_next = ranked.size() >= highest;
            const rank next = has_next ? *edge : rank{};
            rank& now = at.value();
            now.amount = one.amount;
            std::set<rank>::iterator added;
            if (is_new) {
                added = ranked.insert(now).first;
            } else {
                node.value() = now;
                added = ranked.insert(std::move(node)).position;
            }
            rank displaced{};
            bool has_displaced = false;
            if (ranked.size() == highest) {
                edge = std::prev(ranked.end());
            } else if (ranked.size() > highest && !(*edge < *added)) {
                displaced = *edge--;
                has_displaced = true;
            }
            const bool is_high_now = is_high(now);
            if (was_high && is_high_now) {
                out.add(now.amount);
            } else if (was_high) {
                out.add(before.amount);
                out.add(next.amount);
            } else if (is_high_now) {
                if (has_displaced) out.add(displaced.amount);
                out.add(now.amount);
            }
        }
    });
}

double median(std::vector<double> values) {
    std::ranges::sort(values);
    return values[values.size() / 2];
}

template <class ByMillrace, class ByHand>
void compare(const char* what, const input& in, int rounds, ByMillrace by_ours, ByHand by_hand) {
    std::vector<double> ours, theirs, ratios;
    for (int round = 0; round < rounds; ++round) {
        total our_total, their_total;
        ours.push_back(by_ours(in, our_total));
        theirs.push_back(by_hand(in, their_total));
        if (our_total != their_total) throw std::runtime_error{"the results differ"};
        ratios.push_back(ours.back() / theirs.back());
    }
    std::printf("%-24s %10.1f %10.1f %8.2f   1.3\n", what, median(ours), median(theirs),
                median(ratios));
}

}  // namespace

int main(int argc, char** argv) {
    const bool is_quick = argc > 1 && std::string_view{argv[1]} == "--quick";
    const std::size_t events = is_quick ? 400'000 : 2'000'000;
    const int rounds = is_quick ? 3 : 9;
    std::printf("\ntables, ns an event; median of %d\n\n", rounds);
    std::printf("%-24s %10s %10s %8s   %s\n", "", "millrace", "by hand", "ratio", "asked");
    compare("dedup", repeated_orders(events), rounds, dedup_by_millrace, dedup_by_hand);
    const input of_many = orders_of(events, 1000);
    compare("top_n<10>, of a window", of_many, rounds, top_by_millrace, top_by_hand);
    compare("top_n<10>, running", of_many, rounds, running_top_by_millrace, running_top_by_hand);
}
