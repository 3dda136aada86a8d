#include <millrace/pipeline/lookup_join.hpp>

#include <map>
#include <optional>
#include <stdexcept>

#include <millrace/analyzers/count.hpp>
#include <millrace/operators/final_only.hpp>
#include <millrace/pipeline/describe.hpp>
#include <millrace/pipeline/process.hpp>
#include <millrace/windows/tumbling.hpp>

#include "joined.hpp"

using namespace millrace;
using namespace std::chrono_literals;
using strings = std::vector<std::string>;

namespace {

constexpr auto padded = [](const trade& t, const quote* q) { return couple_of(&t, q); };
constexpr auto is_gone = [](const quote& q) { return q.bid < 0; };

template <class... Arguments>
auto start_lookup(strings& out, bool notes_watermarks, Arguments... arguments) {
    return start(lookup_join(manual_source<trade>("trades", &trade::symbol),
                             manual_source<quote>("quotes", &quote::symbol), arguments...) |
                 note_couples{out, notes_watermarks});
}

join_input t(long long time, double number, std::string key = "a") {
    return {true, std::move(key), time, number};
}
join_input q(long long time, double number, std::string key = "a") {
    return {false, std::move(key), time, number};
}

template <class Running>
void feed_all(Running& running, std::initializer_list<join_input> all) {
    for (const auto& one : all) feed(running, one);
}

}  // namespace

TEST_CASE("facts G23: an event is given what the table has when it comes") {
    strings out;
    auto running = start_lookup(out, true, deleted_when{is_gone}, padded);
    feed_all(running, {t(1, 1), q(9, 5), t(2, 2), q(3, 6), t(3, 3), q(1, -1), t(4, 4)});
    CHECK(out == strings{"1 -1 1", "2 5 2", "3 6 3", "4 -1 4"});
    CHECK(running.stats().keys == 0);
    out.clear();
    feed(running, {false, "", 100, 0, true});
    CHECK(out.empty());
    feed(running, {true, "", 7, 0, true});
    CHECK(out == strings{"W 7"});
}

TEST_CASE("a lookup gives what a map gives, also behind a save") {
    const unsigned seed = test_seed();
    for (unsigned run = 0; run < 200; ++run) {
        CAPTURE(seed, run);
        std::mt19937 random{seed * 1000 + run};
        strings out, right;
        std::map<std::string, double> table;
        const auto begin = [&] { return start_lookup(out, false, deleted_when{is_gone}, padded); };
        auto running = begin();
        for (int i = 0; i < 300; ++i) {
            const std::string key(random() % 40, static_cast<char>('a' + random() % 3));
            if (random() % 3 == 0) {
                const double bid = static_cast<double>(random() % 5) - 1;
                feed(running, q(0, bid, key));
                if (bid < 0) {
                    table.erase(key);
                } else {
                    table[key] = bid;
                }
            } else {
                feed(running, t(i, i, key));
                const auto found = table.find(key);
                const int bid = found == table.end() ? -1 : static_cast<int>(found->second);
                right.push_back(std::to_string(i) + " " + std::to_string(bid) + " " +
                                std::to_string(i));
            }
            if (random() % 100 == 0) {
                auto loaded = begin();
                REQUIRE_FALSE(load(save(running), loaded));
                running = std::move(loaded);
            }
        }
        REQUIRE(out == right);
        REQUIRE(running.stats().keys == table.size());
    }
}

TEST_CASE("a table of records takes their corrections") {
    strings out;
    auto volumes = manual_source<quote>("quotes", &quote::symbol) |
                   window(tumbling{10ms}, lateness{100ms}, drop_late) | process<millrace::count>();
    auto running = start(
        lookup_join(manual_source<trade>("trades", &trade::symbol), std::move(volumes), inner_join,
                    [](const trade& one, const auto& row) {
                        return couple{one.price, static_cast<double>(at<"count">(row))};
                    }) |
        note_couples{out});
    feed_all(running, {q(1, 1),
                       q(2, 1),
                       t(1, 1),
                       {false, "", 10, 0, true},
                       t(2, 2),
                       q(3, 1),
                       t(3, 3),
                       q(12, 1),
                       {false, "", 20, 0, true},
                       t(4, 4)});
    CHECK(out == strings{"2 2 2", "3 3 3", "4 1 4"});
}

TEST_CASE("a table has limits, and what is there stays") {
    strings out;
    auto running = start_lookup(out, false, max_keys{2}, padded);
    feed_all(running, {q(0, 1), q(0, 2, "b"), q(0, 3, "c"), t(1, 1, "c"), t(1, 1, "b")});
    CHECK(out == strings{"1 -1 1", "1 2 1"});
    CHECK(running.stats().refused_keys == 1);

    strings newest;
    auto evicting = start_lookup(newest, false, max_keys{2}, evict_least_recent, padded);
    feed_all(evicting, {q(0, 1), q(0, 2, "b"), q(0, 3, "c"), t(1, 1, "c")});
    CHECK(newest == strings{"1 3 1"});
    CHECK(evicting.stats().keys == 2);

    strings small;
    auto narrow = start_lookup(small, false, max_table_bytes{400}, padded);
    feed_all(narrow, {q(0, 1), q(0, 2, std::string(200, 'b')), q(0, 3, std::string(200, 'c')),
                      q(0, 4), t(1, 1), t(2, 2, std::string(200, 'b'))});
    CHECK(small == strings{"1 4 1", "2 2 2"});
    CHECK(narrow.stats().refused_keys == 1);
}

TEST_CASE("a lookup join says what it is, and refuses limits of 0") {
    const auto join = [](auto... options) {
        return lookup_join(from<trade>("trades") | key_by(&trade::symbol),
                           from<quote>("quotes") | key_by(&quote::symbol), options..., padded);
    };
    const std::string text = describe(join(max_keys{7})).text();
    CAPTURE(text);
    CHECK(text.find("5_lookup_join <- 2_key_by, 4_key_by: kind left, evict_least_recent false; "
                    "max_keys 7, max_table_bytes 268435456 -> couple {") != std::string::npos);
    CHECK_THROWS_AS(join(max_keys{0}), std::invalid_argument);
    CHECK_THROWS_AS(join(max_table_bytes{0}), std::invalid_argument);
}
