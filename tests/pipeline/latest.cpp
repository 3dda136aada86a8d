#include <millrace/pipeline/latest.hpp>

#include <algorithm>
#include <map>
#include <stdexcept>

#include <millrace/analyzers/count.hpp>
#include <millrace/analyzers/sum.hpp>
#include <millrace/operators/filter.hpp>
#include <millrace/operators/map.hpp>
#include <millrace/operators/tee.hpp>
#include <millrace/pipeline/describe.hpp>
#include <millrace/pipeline/lookup_join.hpp>
#include <millrace/pipeline/process.hpp>
#include <millrace/windows/global.hpp>

#include "gated.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

/// Notes what becomes of trades, as "+SYMBOL PRICE TIME", "-SYMBOL PRICE TIME" for what goes.
struct note_changes : stage {
    using takes_updates = void;
    strings* out;

    explicit note_changes(strings& to) : out{&to} {}

    template <class Stream>
    static consteval void require() {}
    template <class Stream>
    auto output(const Stream& in) const {
        return in.template changing<append_only>();
    }
    template <class Stream, class Next>
    auto make_node(const Stream&, Next next) const {
        return node<Next>{{std::move(next)}, out};
    }

    template <class Next>
    struct node : forwarding_node<Next> {
        strings* out;

        void note(const char* sign, const trade& one) {
            strings line;
            note_trades{&line}(one);
            out->push_back(sign + line.front());
        }
        void push(const trade& one, event_stamp) { note("+", one); }
        void update(const trade& before, const trade& after, event_stamp) {
            note("-", before);
            note("+", after);
        }
        void remove(const trade& gone, event_stamp) { note("-", gone); }
    };
};

constexpr auto is_closed = [](const trade& one) { return one.price < 0; };

}  // namespace

TEST_CASE("facts G24, last: the newest by time takes the place of the one before") {
    strings out;
    auto running =
        start(from<trade>("t") | key_by(&trade::symbol) | latest(as_table) | note_changes{out},
              note_trades{&out});
    for (const auto& [time, price] : {std::pair{10, 1}, {8, 2}, {10, 3}, {9, 4}})
        running.push({"k", static_cast<double>(price), 1, at_ms(time)});
    CHECK(out == strings{"+k 1 10", "-k 1 10", "+k 3 10"});
}

TEST_CASE("facts G26: what each key is now counts once") {
    std::vector<std::string> out;
    const auto status = [](const trade& one) -> std::string_view {
        return one.price > 0 ? "open" : "done";
    };
    auto running =
        start(from<trade>("t") | key_by(&trade::symbol) | latest(as_table) |
                  key_by("status", status) | process<count>(),
              [&](const auto& row) { out.push_back(row.key + std::to_string(at<"count">(row))); });
    running.push({"o1", 1, 1, at_ms(1)});
    running.push({"o2", 2, 1, at_ms(2)});
    running.push({"o1", 0, 1, at_ms(3)});
    running.push({"o1", 5, 1, at_ms(2)});  // older
    CHECK(out == std::vector<std::string>{"open1", "open2", "open1", "done1"});
}

TEST_CASE("no key goes back in time") {
    const unsigned seed = test_seed();
    for (unsigned run = 0; run < 200; ++run) {
        CAPTURE(seed, run);
        std::mt19937 random{seed * 1000 + run};
        std::map<std::string, std::vector<long long>> times;
        check_gate(
            random, [] { return key_by(&trade::symbol) | latest(); },
            [&](const trade& one, long long) {
                auto& all = times[std::string{one.symbol}];
                all.push_back(ms_of_trade(one));
                return all.back() == *std::max_element(all.begin(), all.end());
            });
    }
}

TEST_CASE("a table is what the newest of each key is, after every step") {
    const unsigned seed = test_seed();
    for (unsigned run = 0; run < 200; ++run) {
        CAPTURE(seed, run);
        std::mt19937 random{seed * 1000 + run};
        strings changes;
        std::map<std::string, std::vector<trade>> all;  // in the order of arrival
        double total = 0;
        const auto begin = [&] {
            return start(
                from<trade>("t", any_time, disorder{40ms}) | key_by(&trade::symbol) |
                    latest(as_table, deleted_when{is_closed}) | tee(note_changes{changes}) |
                    key_by("all", [](const trade&) { return 0; }) | process<sum<&trade::price>>(),
                [&]<class Row>(const Row& row) {
                    if constexpr (is_record<Row>) total = at<"sum">(row);
                });
        };
        auto running = begin();
        strings table;
        long long now = 0;
        for (int i = 0; i < 200; ++i) {
            now += static_cast<long long>(random() % 10);
            const std::string key(1 + random() % 3 * 20, static_cast<char>('a' + random() % 3));
            const double price = static_cast<double>(random() % 5) - 1;
            const trade one{all.try_emplace(key).first->first, price, 1,
                            at_ms(now - static_cast<long long>(random() % 41))};
            all[key].push_back(one);
            running.push(one);
            for (const std::string& each : std::exchange(changes, {})) {
                if (each.front() == '+') {
                    table.push_back(each.substr(1));
                } else {
                    const auto found = std::find(table.begin(), table.end(), each.substr(1));
                    REQUIRE(found != table.end());
                    table.erase(found);
                }
            }
            strings right;
            double sum_of_right = 0;
            for (const auto& [of, events] : all) {
                const trade* newest = &events.front();
                for (const trade& each : events)
                    if (each.time >= newest->time) newest = &each;
                if (is_closed(*newest)) continue;
                note_trades{&right}(*newest);
                sum_of_right += newest->price;
            }
            std::sort(table.begin(), table.end());
            std::sort(right.begin(), right.end());
            REQUIRE(table == right);
            REQUIRE(total == sum_of_right);
            if (random() % 40 == 0) {
                auto loaded = begin();
                REQUIRE_FALSE(load(save(running), loaded));
                running = std::move(loaded);
            }
        }
    }
}

TEST_CASE("a table has limits, and says what had to go") {
    strings out;
    const auto table = [&](auto... options) {
        return start(from<trade>("t", any_time) | key_by(&trade::symbol) |
                         latest(as_table, deleted_when{is_closed}, options...) | note_changes{out},
                     note_trades{&out});
    };
    auto evicting = table(max_keys{2});
    for (const char* key : {"a", "b", "c"}) evicting.push({key, 1, 1, at_ms(1)});
    REQUIRE(out.size() == 4);
    CHECK(out[2].front() == '-');
    CHECK(out[3] == "+c 1 1");
    CHECK(evicting.stats().evicted_keys == 1);

    out.clear();
    auto strict = table(max_keys{1}, refuse_new_keys);
    for (const char* key : {"a", "b", "a"}) strict.push({key, 1, 1, at_ms(1)});
    CHECK(out == strings{"+a 1 1", "-a 1 1", "+a 1 1"});
    CHECK(strict.stats().refused_keys == 1);

    out.clear();
    auto narrow = table(max_table_bytes{300});
    const std::string long_key(300, 'l');
    narrow.push({"a", 1, 1, at_ms(1)});
    narrow.push({long_key, 1, 1, at_ms(1)});
    narrow.push({"a", 2, 1, at_ms(2)});
    CHECK(out == strings{"+a 1 1", "-a 1 1", "+a 2 2"});
    CHECK(narrow.stats().refused_keys == 1);

    auto passing = table(max_keys{100});
    for (int i = 0; i < 20'000; ++i) {
        passing.push({"id " + std::to_string(i), 1, 1, at_ms(i)});
        passing.push({"id " + std::to_string(i), -1, 1, at_ms(i)});
    }
    CHECK(passing.stats().keys < 20);
    CHECK(passing.stats().evicted_keys == 0);
}

TEST_CASE("what was deleted goes with its key's own time, where each has one") {
    strings out;
    auto running = start(from<trade>("t", any_time, per_key(&trade::symbol), max_keys{10}) |
                             key_by(&trade::symbol) | latest(as_table, deleted_when{is_closed}) |
                             note_changes{out},
                         note_trades{&out});
    for (int i = 0; i < 1000; ++i) {
        const std::string id = "id " + std::to_string(i);
        running.push({id, 1, 1, at_ms(5)});
        running.push({id, -1, 1, at_ms(7)});
        running.push({id, 2, 1, at_ms(6)});  // does not come back
    }
    CHECK(out.size() == 2000);
    CHECK(running.stats().keys <= 10);
    running.push({"id 999", 3, 1, at_ms(8)});
    CHECK(out.back() == "+id 999 3 8");

    strings filtered;
    auto open =
        start(from<trade>("t", any_time, per_key(&trade::symbol), disorder{10ms}) |
                  filter([](const trade& one) { return one.size > 0; }) | key_by(&trade::symbol) |
                  latest(as_table, deleted_when{is_closed}) | note_changes{filtered},
              note_trades{&filtered});
    open.push({"far", 1, 1, at_ms(1000)});
    open.push({"a", 1, 1, at_ms(1)});
    open.push({"a", -1, 1, at_ms(5)});
    open.push({"a", 1, 0, at_ms(15)});
    CHECK(open.stats().keys == 2);
    open.push({"a", 1, 0, at_ms(16)});
    CHECK(open.stats().keys == 1);
}

TEST_CASE("what was deleted does not come back by an older event") {
    strings out;
    auto running = start(from<trade>("t", any_time, disorder{10ms}) | key_by(&trade::symbol) |
                             latest(as_table, deleted_when{is_closed}) | note_changes{out},
                         note_trades{&out});
    running.push({"a", 1, 1, at_ms(1)});
    running.push({"a", -1, 1, at_ms(5)});
    running.push({"a", 2, 1, at_ms(3)});
    running.push({"b", -1, 1, at_ms(9)});
    running.push({"b", 2, 1, at_ms(8)});
    running.push({"a", 3, 1, at_ms(5)});
    CHECK(out == strings{"+a 1 1", "-a 1 1", "+a 3 5"});
}

TEST_CASE("a lookup goes by a table's times, where its events are out of order") {
    strings out;
    auto running = start(
        lookup_join(from<trade>("left") | key_by(&trade::symbol),
                    from<trade>("right") | key_by(&trade::symbol) | latest(as_table), inner_join,
                    [](const trade& one, const trade& of) {
                        return std::to_string(static_cast<int>(one.price)) + " " +
                               std::to_string(static_cast<int>(of.price));
                    }),
        [&](const std::string& one) { out.push_back(one); });
    auto [left, right] = running.sources();
    right.push({"a", 1, 1, at_ms(5)});
    right.push({"a", 2, 1, at_ms(3)});
    left.push({"a", 7, 1, at_ms(1)});
    right.push({"a", 3, 1, at_ms(6)});
    left.push({"a", 8, 1, at_ms(1)});
    CHECK(out == strings{"7 1", "8 3"});
}

TEST_CASE("an event at which something throws does not hide one of its time") {
    strings out;
    bool throws = true;
    auto running =
        start(from<trade>("t") | key_by(&trade::symbol) | latest() | map([&](const trade& one) {
                  if (throws) throw std::runtime_error{"now"};
                  return one;
              }),
              note_trades{&out});
    CHECK_THROWS_WITH(running.push({"a", 1, 1, at_ms(9)}), "now");
    throws = false;
    running.push({"a", 2, 1, at_ms(8)});
    CHECK(out == strings{"a 2 8"});
}

TEST_CASE("latest says what it is, and refuses what makes no sense") {
    const auto text = [](auto... options) {
        return describe(from<trade>("t") | key_by(&trade::symbol) | latest(options...) |
                        map([](const trade& one) { return one.price; }))
            .text();
    };
    CHECK(text().find("3_latest: evict_least_recent true; max_keys 1000000 -> trade by symbol") !=
          std::string::npos);
    CHECK(text(as_table, max_keys{9}, refuse_new_keys)
              .find("3_latest: as_table true, evict_least_recent false; max_keys 9, "
                    "max_table_bytes 268435456 -> updating trade by symbol") != std::string::npos);
    CHECK_THROWS_AS(latest(max_keys{0}), std::invalid_argument);
    CHECK_THROWS_AS(latest(as_table, max_table_bytes{0}), std::invalid_argument);
}
