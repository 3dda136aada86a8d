#include <millrace/pipeline/top_n.hpp>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include <millrace/analyzers/count.hpp>
#include <millrace/analyzers/sum.hpp>
#include <millrace/core/archive.hpp>
#include <millrace/operators/key_by.hpp>
#include <millrace/pipeline/describe.hpp>
#include <millrace/pipeline/process.hpp>
#include <millrace/pipeline/publish.hpp>
#include <millrace/pipeline/run.hpp>
#include <millrace/windows/tumbling.hpp>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;
using namespace std::chrono_literals;
using strings = std::vector<std::string>;

namespace {

/// Notes records as "+KEY SUM" where they come in, "-KEY SUM" where they fall out, "=KEY SUM".
struct note_rows {
    strings* out;
    bool notes_windows = false;

    template <class Row>
    void operator()(const Row& row) const {
        const char* sign = row.change == change::insert   ? "+"
                           : row.change == change::remove ? "-"
                                                          : "=";
        std::string line = sign + row.key + " " + std::to_string(static_cast<int>(at<"sum">(row)));
        if (notes_windows) line += " " + std::to_string(row.window.start.time_since_epoch() / 1ms);
        out->push_back(line);
    }
};

/// The newest price of each symbol, as the sum of one: so records are replaced, up and down.
struct newest {
    static constexpr fixed_string name = "sum";
    template <class Event>
    void update(const Event& event) {
        value = event.price;
    }
    [[nodiscard]] double result() const { return value; }
    template <class Archive>
    void archive(Archive& ar) {
        ar(value);
    }
    double value = 0;
};

}  // namespace

TEST_CASE(
    "facts G25: what falls out goes before what comes up, and of equals the earlier is higher") {
    strings out;
    auto running = start(from<trade>("t") | key_by(&trade::symbol) | process<newest>() |
                             top_n<2>(at<"sum">, running_top),
                         note_rows{&out});
    const auto push = [&](const char* key, double score) {
        running.push({key, score, 1, at_ms(1)});
    };
    push("a", 5);
    push("b", 3);
    push("c", 4);
    push("d", 4);
    push("a", 1);
    CHECK(out == strings{"+a 5", "+b 3", "-b 3", "+c 4", "-a 5", "+d 4"});
    out.clear();
    push("d", 9);
    push("c", 9);
    push("b", 9);
    CHECK(out == strings{"=d 9", "=c 9", "-d 9", "+b 9"});
}

TEST_CASE("the highest of a window go on once it is over for all keys, the highest first") {
    const unsigned seed = test_seed();
    for (unsigned run = 0; run < 200; ++run) {
        CAPTURE(seed, run);
        std::mt19937 random{seed * 1000 + run};
        strings out;
        const auto begin = [&] {
            return start(from<trade>("t", any_time, disorder{5ms}) | key_by(&trade::symbol) |
                             window(tumbling{20ms}, drop_late) | process<sum<&trade::size>>() |
                             top_n<3>(at<"sum">),
                         note_rows{&out, true});
        };
        auto top = begin();
        std::map<long long, std::map<std::string, int>> windows;
        std::map<long long, strings> order;  // of the keys' first events
        long long now = 0;
        for (int i = 0; i < 200; ++i) {
            now += static_cast<long long>(random() % 4);
            const long long time = now - static_cast<long long>(random() % 3);
            if (time < 0) continue;
            const std::string key(1, static_cast<char>('a' + random() % 8));
            const int size = static_cast<int>(random() % 4);
            top.push({key, 1, static_cast<double>(size), at_ms(time)});
            const long long start_of = time / 20 * 20;
            if (!windows[start_of].contains(key)) order[start_of].push_back(key);
            windows[start_of][key] += size;
            if (random() % 40 == 0) {
                auto loaded = begin();
                REQUIRE_FALSE(load(save(top), loaded));
                top = std::move(loaded);
            }
        }
        CHECK_FALSE(top.finish());
        strings right;
        for (const auto& [start_of, sums] : windows) {
            auto keys = order[start_of];
            std::ranges::stable_sort(keys, std::greater{},
                                     [&of = sums](const auto& key) { return of.at(key); });
            for (std::size_t i = 0; i < std::min<std::size_t>(3, keys.size()); ++i)
                right.push_back("+" + keys[i] + " " + std::to_string(sums.at(keys[i])) + " " +
                                std::to_string(start_of));
        }
        REQUIRE(out == right);
    }
}

namespace {

/// What a reader has who applies what comes.
struct shown {
    std::map<std::pair<long long, std::string>, int> rows{};
    std::size_t most = 0;
    bool is_wrong = false;

    void apply(const strings& all) {
        for (const auto& line : all) {
            const auto first = line.find(' '), second = line.find(' ', first + 1);
            const std::pair key{std::stoll(line.substr(second)), line.substr(1, first - 1)};
            const int value = std::stoi(line.substr(first));
            const auto found = rows.find(key);
            is_wrong |= (line[0] == '+') != (found == rows.end());
            if (line[0] == '-') {
                is_wrong |= found == rows.end() || found->second != value;
                rows.erase(key);
            } else {
                rows[key] = value;
            }
            std::map<long long, std::size_t> sizes;
            for (const auto& [of, sum] : rows) most = std::max(most, ++sizes[of.first]);
        }
    }
};

}  // namespace

TEST_CASE(
    "under corrections what is shown is right after each event, and never more than there may be") {
    const unsigned seed = test_seed();
    for (unsigned run = 0; run < 200; ++run) {
        CAPTURE(seed, run);
        std::mt19937 random{seed * 1000 + run};
        const bool is_running = random() % 2 == 0;
        strings out;
        shown reader;
        std::map<long long, std::map<std::string, std::pair<int, int>>> right;  // value and order
        const auto check_step = [&] {
            reader.apply(std::exchange(out, {}));
            REQUIRE_FALSE(reader.is_wrong);
            REQUIRE(reader.most <= 3);
        };
        const auto top_of = [&] {
            std::map<std::pair<long long, std::string>, int> rows;
            for (const auto& [start_of, keys] : right) {
                std::vector<std::pair<std::pair<int, int>, std::string>> sorted;
                for (const auto& [key, row] : keys)
                    sorted.push_back({{-row.first, row.second}, key});
                std::ranges::sort(sorted);
                for (std::size_t i = 0; i < std::min<std::size_t>(3, sorted.size()); ++i)
                    rows[{start_of, sorted[i].second}] = -sorted[i].first.first;
            }
            return rows;
        };
        if (is_running) {
            const auto begin = [&] {
                return start(from<trade>("t", any_time) | key_by(&trade::symbol) |
                                 process<newest>() | top_n<3>(at<"sum">, running_top),
                             [&](const auto& row) {
                                 auto same = row;
                                 same.window = {};
                                 note_rows{&out, true}(same);
                             });
            };
            auto top = begin();
            int order = 0;
            for (int i = 0; i < 150; ++i) {
                const std::string key(1, static_cast<char>('a' + random() % 7));
                const int value = static_cast<int>(random() % 6);
                const auto [at, is_new] = right[0].try_emplace(key, value, order);
                order += is_new;
                at->second.first = value;
                top.push({key, static_cast<double>(value), 1, at_ms(i)});
                check_step();
                REQUIRE(reader.rows == top_of());
                if (random() % 40 == 0) {
                    auto loaded = begin();
                    REQUIRE_FALSE(load(save(top), loaded));
                    top = std::move(loaded);
                }
            }
        } else {
            const auto windows = [&](auto... behind) {
                return from<trade>("t", any_time) | key_by(&trade::symbol) |
                       window(tumbling{20ms}, lateness{1h}, drop_late) |
                       (process<sum<&trade::size>>() | ... | behind);
            };
            strings all;
            auto top = start(windows(top_n<3>(at<"sum">)), note_rows{&out, true});
            auto plain = start(windows(), note_rows{&all, true});
            std::map<long long, int> orders;
            long long now = 0;
            for (int i = 0; i < 150; ++i) {
                now += static_cast<long long>(random() % 6);
                const long long time = std::max(0LL, now - static_cast<long long>(random() % 60));
                const std::string key(1, static_cast<char>('a' + random() % 6));
                const trade one{key, 1, static_cast<double>(random() % 9) - 4, at_ms(time)};
                top.push(one);
                plain.push(one);
                for (const auto& line : std::exchange(all, {})) {
                    const auto first = line.find(' '), second = line.find(' ', first + 1);
                    const long long start_of = std::stoll(line.substr(second));
                    const std::string of = line.substr(1, first - 1);
                    const auto [at, is_new] = right[start_of].try_emplace(of, 0, orders[start_of]);
                    orders[start_of] += is_new;
                    at->second.first = std::stoi(line.substr(first));
                }
                check_step();
                REQUIRE(reader.rows == top_of());
            }
        }
    }
}

TEST_CASE("what is held goes when windows are final, and has limits") {
    strings out;
    auto top = start(from<trade>("t", any_time) | key_by(&trade::symbol) |
                         window(tumbling{10ms}, lateness{20ms}, drop_late) |
                         process<sum<&trade::size>>() | top_n<1>(at<"sum">),
                     note_rows{&out});
    for (int i = 0; i < 10'000; ++i)
        top.push({std::string(1, static_cast<char>('a' + i % 3)), 1, 1, at_ms(i)});
    CHECK(top.stages().back().keys <= 15);

    strings few;
    auto limited = start(from<trade>("t", any_time) | key_by(&trade::symbol) | process<newest>() |
                             top_n<2>(at<"sum">, running_top, max_keys{2}),
                         note_rows{&few});
    for (const char* key : {"a", "b", "c", "a"}) limited.push({key, 5, 1, at_ms(1)});
    CHECK(few == strings{"+a 5", "+b 5", "=a 5"});
    CHECK(limited.stats().refused_keys == 1);
}

TEST_CASE("top_n says what it is, and refuses what makes no sense") {
    const std::string text = describe(from<trade>("t") | key_by(&trade::symbol) |
                                      process<newest>() | top_n<10>(at<"sum">, running_top))
                                 .text();
    CAPTURE(text);
    CHECK(text.find("4_top_n: count 10, by sum, running true; max_keys 1000000 -> ") !=
          std::string::npos);
    CHECK_THROWS_AS(top_n<1>(at<"sum">, max_keys{0}), std::invalid_argument);
    CHECK_THROWS_AS(top_n<1>(at<"sum">, max_windows{0}), std::invalid_argument);
}
