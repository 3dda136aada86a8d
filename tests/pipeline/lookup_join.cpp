#include <millrace/pipeline/lookup_join.hpp>

#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <stdexcept>
#include <system_error>

#include <unistd.h>

#include <millrace/analyzers/count.hpp>
#include <millrace/operators/final_only.hpp>
#include <millrace/pipeline/describe.hpp>
#include <millrace/pipeline/process.hpp>
#include <millrace/storage/memory.hpp>
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

    // Of three, the one that is written again stays, as the others make room.
    strings kept;
    auto written = start_lookup(kept, false, max_keys{3}, evict_least_recent, padded);
    feed_all(written, {q(0, 1, "a"), q(0, 2, "b"), q(0, 3, "c"), q(0, 4, "d")});
    for (int i = 0; i < 20; ++i)
        feed_all(written, {q(0, 7, "d"), q(0, 8, "new " + std::to_string(i)), t(1, 1, "d")});
    CHECK(kept == strings(20, "1 7 1"));

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

namespace {

struct route {
    std::string_view truck;
    double length = 0;
    int stops = 0;
    bool is_open = false;
    std::optional<std::string> note;
    timestamp since{};
};

}  // namespace

template <>
inline constexpr auto millrace::schema<route> = millrace::fields(
    millrace::field{"truck", &route::truck}, millrace::field{"length", &route::length},
    millrace::field{"stops", &route::stops}, millrace::field{"open", &route::is_open},
    millrace::field{"note", &route::note}, millrace::event_time{"since", &route::since});

namespace {

/// A file of this text, while it lives.
struct text_file {
    std::filesystem::path path;

    text_file(const std::string& name, const std::string& text)
        : path{std::filesystem::temp_directory_path() /
               ("millrace-" + std::to_string(::getpid()) + name)} {
        std::ofstream{path, std::ios::binary} << text;
    }
    text_file(const text_file&) = delete;
    text_file& operator=(const text_file&) = delete;
    ~text_file() { std::filesystem::remove(path); }
};

/// What the table says of trucks a to c.
strings routes_in(const std::string& file) {
    strings out;
    auto running =
        start(lookup_join(from<trade>("trades", any_time) | key_by(&trade::symbol),
                          from<route>("routes") | key_by(&route::truck), loaded_from{file},
                          deleted_when{[](const route& r) { return r.stops < 0; }},
                          [&](const trade& t, const route* r) {
                              out.push_back(std::string{t.symbol});
                              if (r != nullptr)
                                  out.back() += " " + std::to_string(static_cast<int>(r->length)) +
                                                " " + std::to_string(r->stops) +
                                                (r->is_open ? " open " : " ") +
                                                r->note.value_or("-") + " " +
                                                std::to_string(r->since.time_since_epoch() / 1s);
                              return t.price;
                          }));
    auto [trades, routes] = running.sources();
    for (const char* truck : {"a", "b", "c"}) trades.push({truck, 1, 1, at_ms(1)});
    routes.push({"a", 7, 7, true, {}, {}});
    trades.push({"a", 1, 1, at_ms(1)});
    return out;
}

}  // namespace

TEST_CASE("a table begins with what a file has: CSV, lines of JSON or an array") {
    const strings right{"a 5 2 open by, \"night\" 1767571200", "b 1000 0 - 0", "c",
                        "a 7 7 open - 0"};
    const text_file csv{"routes.csv",
                        "since,truck,length,unknown,stops,open,note\r\n"
                        "2026-01-05T00:00:00Z,a,5.5,x,2,true,\"by, \"\"night\"\"\"\r\n"
                        "1970-01-01T00:00:00Z,b,1e3,,0,false,\n"
                        "1970-01-01T00:00:00Z,c,1,,1,false,\n"
                        "1970-01-01T00:00:00Z,c,1,,-1,false,\n"};
    CHECK(routes_in(csv.path) == right);
    const std::string a =
        R"({"truck":"a","length":5.5,"stops":2,"open":true,"note":"by, \"night\"","since":"2026-01-05T00:00:00Z"})";
    const std::string b =
        R"({"truck":"b","length":1e3,"stops":0,"open":false,"note":null,"since":"1970-01-01T00:00:00Z"})";
    const text_file lines{"routes.json", a + "\n\n" + b + "\n"};
    CHECK(routes_in(lines.path) == right);
    const text_file array{"routes.array", "[" + a + ",\n" + b + "]"};
    CHECK(routes_in(array.path) == right);
    const text_file empty{"empty.csv", ""};
    CHECK(routes_in(empty.path).front() == "a");
}

namespace {

/// As `route`, with a text of its own.
struct kept_route {
    std::string truck;
    int stops = 0;
    timestamp since{};
};

/// A storage that cannot be read.
struct broken_storage {
    template <class F>
    std::error_code scan(const storage_query&, F&& f) {
        if (false) f(kept_route{});
        return std::make_error_code(std::errc::io_error);
    }
};

}  // namespace

template <>
inline constexpr auto millrace::schema<kept_route> = millrace::fields(
    millrace::field{"truck", &kept_route::truck}, millrace::field{"stops", &kept_route::stops},
    millrace::event_time{"since", &kept_route::since});

TEST_CASE("a table begins with the rows of a storage, of which the newest holds") {
    memory_storage<kept_route> store{{.capacity = 3000}};
    for (int i = 0; i < 2000; ++i) store.append({"truck " + std::to_string(i % 1500), i, at_ms(i)});
    strings out;
    const auto start_with = [&]<class Right>(auto beginning, Right) {
        return start(
            lookup_join(from<trade>("trades") | key_by(&trade::symbol),
                        from<Right>("routes") | key_by(&Right::truck), beginning,
                        [](const trade&, const Right* r) { return r != nullptr ? r->stops : -1; }),
            [&](int stops) { out.push_back(std::to_string(stops)); });
    };
    const auto ask = [](auto running) {
        auto trades = running.template source<0>();
        for (const char* truck : {"truck 3", "truck 700", "truck 1500"})
            trades.push({truck, 1, 1, at_ms(1)});
    };
    ask(start_with(loaded_from{store}, kept_route{}));
    CHECK(out == strings{"1503", "700", "-1"});
    out.clear();
    const auto as_route = [](const kept_route& row) {
        route made{};
        made.truck = row.truck;
        made.stops = -row.stops;
        return made;
    };
    ask(start_with(loaded_from{store, as_route}, route{}));
    CHECK(out == strings{"-1503", "-700", "-1"});

    broken_storage broken;
    CHECK_THROWS_AS(start_with(loaded_from{broken}, kept_route{}), std::system_error);
}

TEST_CASE("a table's file that is missing or broken stops the start, and says where") {
    CHECK_THROWS_AS(routes_in("/nowhere/routes.csv"), std::system_error);
    const auto error_of = [](const std::string& name, const std::string& text) {
        const text_file file{name, text};
        try {
            routes_in(file.path);
        } catch (const std::invalid_argument& error) {
            const std::string what = error.what();
            return what.substr(what.find(name));
        }
        return std::string{"none"};
    };
    const std::string head = "truck,length,stops,open,note,since\n";
    const std::string good = "a,1,1,true,,1970-01-01T00:00:00Z\n";
    CHECK(error_of("a.csv", head + good + "b,1,1\n") ==
          "a.csv:3: 3 cells, where the first line has 6");
    CHECK(error_of("b.csv", head + good + "b,much,1,true,,1970-01-01T00:00:00Z\n")
              .starts_with("b.csv:3: "));
    CHECK(error_of("b.csv", head + good + "b,much,1,true,,1970-01-01T00:00:00Z\n")
              .ends_with("field length"));
    CHECK(error_of("c.csv", head + good + "\"b\n").starts_with("c.csv:3: a quotation mark"));
    CHECK(error_of("d.csv", "truck\na\n").starts_with("d.csv:2: "));
    CHECK(error_of("e.json", "{\"truck\":\"a\"}\n").starts_with("e.json:1: "));
    const std::string json =
        R"({"truck":"a","length":5.5,"stops":2,"open":true,"since":"2026-01-05T00:00:00Z"})";
    CHECK(error_of("f.json", json + "\n" + json + "\n{\"truck\":1}\n").starts_with("f.json:3: "));
    CHECK(error_of("g.csv", head + "a,1},1,true,,1970-01-01T00:00:00Z\n").starts_with("g.csv:2: "));
}
