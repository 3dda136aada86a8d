#include <millrace/pipeline/run.hpp>

#include <algorithm>
#include <array>
#include <functional>
#include <random>
#include <sstream>

#include <millrace/analyzers/count.hpp>
#include <millrace/analyzers/ewma_zscore.hpp>
#include <millrace/analyzers/max.hpp>
#include <millrace/analyzers/mean.hpp>
#include <millrace/analyzers/summary.hpp>
#include <millrace/operators/filter.hpp>
#include <millrace/operators/flat_map.hpp>
#include <millrace/operators/map.hpp>
#include <millrace/operators/tee.hpp>
#include <millrace/storage/memory.hpp>
#include <millrace/storage/null.hpp>
#include <millrace/windows/session.hpp>
#include <millrace/windows/tumbling.hpp>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

struct notional {
    std::string symbol;
    double value;
    timestamp time;
};

std::vector<input_error> receive(auto& running, std::string message) {
    std::vector<input_error> errors;
    message.push_back('\0');
    running.receive(std::span{message.data(), message.size() - 1},
                    [&](const input_error& error) { errors.push_back(error); });
    return errors;
}

struct quick : ewma_zscore_defaults {
    static constexpr std::uint64_t warm_up = 5;
};

}  // namespace

template <>
inline constexpr auto millrace::schema<notional> = fields(field{"symbol", &notional::symbol},
                                                          field{"value", &notional::value},
                                                          event_time{"time", &notional::time});

TEST_CASE("a pipeline runs without an endpoint") {
    auto description = from<trade>("trades") | filter([](const trade& t) { return t.size > 0; }) |
                       key_by(&trade::symbol) | window(tumbling{1s}, drop_late) |
                       process<summary<count, mean<&trade::price>>>() | publish("bars");
    std::vector<std::string> seen;
    auto running = start(std::move(description), [&](std::string_view topic, const auto& row) {
        seen.push_back(std::string{topic} + " " + row.key + " " + std::to_string(at<"count">(row)));
    });
    CHECK(running.input() == "trades");
    running.push({"A", 1, 1, at_ms(0)});
    running.push({"A", 1, 0, at_ms(1)});
    running.push({"A", 1, 2, at_ms(2)});
    running.push({"B", 1, 2, at_ms(1000)});
    CHECK(seen == std::vector<std::string>{"bars A 2"});
    running.finish();
    CHECK(seen == std::vector<std::string>{"bars A 2", "bars B 1"});
    CHECK(running.stats().events == 4);
}

TEST_CASE("a pipeline without publish gives its records to the sink all the same") {
    std::size_t records = 0;
    auto running = start(from<trade>("trades") | key_by(&trade::symbol) | process<count>(),
                         [&](const auto&) { ++records; });
    running.push({"A", 1, 1, at_ms(0)});
    CHECK(records == 1);
}

TEST_CASE("map and flat_map change the event's type") {
    auto running = start(from<trade>("trades") | map([](const trade& t) {
                             return notional{std::string{t.symbol}, t.price * t.size, t.time};
                         }) | flat_map([](const notional& n) {
                             return std::array{n, notional{n.symbol, -n.value, n.time}};
                         }) | key_by(&notional::symbol) |
                             window(tumbling{1s}, drop_late) |
                             process<summary<count, max<&notional::value>>>(),
                         [](const auto& row) {
                             CHECK(at<"count">(row) == 2);
                             CHECK(at<"max">(row) == 20);
                         });
    running.push({"A", 10, 2, at_ms(0)});
    running.finish();
    CHECK(running.stats().open_windows == 0);
}

TEST_CASE("tee gives both branches every event, and time") {
    std::vector<std::string> seen;
    auto running =
        start(from<trade>("trades") |
                  tee(filter([](const trade& t) { return t.price > 5; }) | publish("large"),
                      key_by(&trade::symbol) | window(tumbling{1s}, drop_late) | process<count>() |
                          publish("counts")),
              [&](std::string_view topic, const auto&) { seen.emplace_back(topic); });
    running.push({"A", 10, 1, at_ms(0)});
    running.push({"A", 1, 1, at_ms(1)});
    running.advance(at_ms(1000));
    CHECK(seen == std::vector<std::string>{"large", "counts"});
}

TEST_CASE("watermarks reach the windows further down") {
    std::vector<timestamp> starts;
    auto running =
        start(from<trade>("trades") | key_by(&trade::symbol) | window(tumbling{1s}, drop_late) |
                  process<count>() | window(tumbling{1min}, drop_late) | process<count>() |
                  publish("minutes"),
              [&](const auto& row) {
                  starts.push_back(row.window.start);
                  CHECK(at<"count">(row) == 60);
              });
    for (int second = 0; second < 120; ++second) running.push({"A", 1, 1, at_ms(second * 1000)});
    running.advance(at_ms(120'000));
    CHECK(starts == std::vector{at_ms(0), at_ms(60'000)});
}

TEST_CASE("detect adds its result to each record and does not learn from corrections") {
    std::vector<double> scores;
    std::vector<std::uint32_t> revisions;
    auto running = start(from<trade>("trades") | key_by(&trade::symbol) |
                             window(tumbling{1s}, lateness{10s}, without_final, drop_late) |
                             process<summary<mean<&trade::price>>>() |
                             detect<ewma_zscore<at<"mean">, quick>>() | publish("judged"),
                         [&](const auto& row) {
                             scores.push_back(at<"score">(row));
                             revisions.push_back(row.revision);
                         });
    for (int i = 0; i < 20; ++i) running.push({"A", 100.0 + i % 2, 1, at_ms(i * 1000)});
    running.push({"A", 500, 1, at_ms(20'000)});
    running.push({"A", 100, 1, at_ms(21'000)});
    REQUIRE(scores.size() == 21);
    CHECK(scores[19] < 0.5);
    CHECK(scores[20] > 0.9);

    const std::string before = save(running);
    running.push({"A", 100, 1, at_ms(20'500)});  // corrects the window at 20 s to a mean of 300
    REQUIRE(scores.size() == 22);
    CHECK(revisions.back() == 1);

    auto untouched = start(from<trade>("trades") | key_by(&trade::symbol) |
                               window(tumbling{1s}, lateness{10s}, without_final, drop_late) |
                               process<summary<mean<&trade::price>>>() |
                               detect<ewma_zscore<at<"mean">, quick>>() | publish("judged"),
                           [&](const auto& row) { scores.push_back(at<"score">(row)); });
    input_archive ar{before};
    ar(untouched);
    REQUIRE(ar.ok());
    // The next window is judged alike with and without the correction in between.
    running.push({"A", 100, 1, at_ms(22'000)});
    const double with = scores.back();
    untouched.push({"A", 100, 1, at_ms(22'000)});
    CHECK(scores.back() == with);
}

TEST_CASE("a sink that pushes into its own pipeline is refused, and the pipeline goes on") {
    std::function<void()> push_again;
    auto running = start(from<trade>("trades") | publish("all"), [&](const trade&) {
        if (push_again) push_again();
    });
    push_again = [&] { running.push({"B", 1, 1, at_ms(1)}); };
    CHECK_THROWS_AS(running.push({"A", 1, 1, at_ms(0)}), std::logic_error);
    push_again = [&] { running.end_batch(); };
    CHECK_THROWS_AS(running.push({"A", 1, 1, at_ms(1)}), std::logic_error);
    push_again = nullptr;
    CHECK(running.push({"A", 1, 1, at_ms(2)}) == errc{});
}

TEST_CASE("whatever a sink calls that changes its own pipeline is refused, and changes nothing") {
    std::function<void()> again;
    std::vector<std::string> seen;
    auto running = start(from<trade>("trades", any_time) | key_by(&trade::symbol) |
                             tee(process<count>() | publish("a"), process<count>() | publish("b")),
                         [&](std::string_view topic, const auto& row) {
                             seen.push_back(std::string{topic} + row.key);
                             if (topic == "a" && again) again();
                         });
    int refused = 0;
    const auto is_refused = [&](auto&& call) {
        try {
            call();
        } catch (const std::logic_error&) {
            ++refused;
        }
    };
    again = [&] {
        const std::string other =
            R"({"symbol":"inner inner inner inner inner","price":1,"size":1,"time":1})";
        is_refused([&] { receive(running, other); });
        is_refused([&] {
            std::string copy = other + ' ';
            running.decode(
                std::span{copy.data(), other.size()}, [](const trade&) { return errc{}; },
                [](const input_error&) {});
        });
        is_refused([&] { (void)save(running); });
        is_refused([&] {
            input_archive in{""};
            in(running);
        });
        is_refused([&] { running.close_in_slices(1); });
        is_refused([&] { running.finish(); });
        CHECK(running.stats().failed == 0);
    };
    const std::string both = R"([{"symbol":"A","price":1,"size":1,"time":1},)"
                             R"({"symbol":"B","price":1,"size":1,"time":1}])";
    CHECK(receive(running, both).empty());
    CHECK(refused == 12);
    CHECK(seen == std::vector<std::string>{"aA", "bA", "aB", "bB"});
    CHECK(running.taken() == 2);
    again = nullptr;
    CHECK(receive(running, both).empty());
    CHECK(running.taken() == 4);
}

TEST_CASE("nothing is saved or loaded within a batch, which goes on") {
    std::size_t rows = 0;
    auto running = start(from<trade>("trades") | key_by(&trade::symbol) |
                             window(tumbling{1s}, drop_late) | process<count>(),
                         [&](const auto&) { ++rows; });
    const std::string empty = save(running);
    running.begin_batch();
    CHECK(running.push_next({"A", 1, 1, at_ms(0)}) == errc{});
    CHECK_THROWS_AS(save(running), std::logic_error);
    CHECK_THROWS_AS(load(empty, running), std::logic_error);
    CHECK(running.push_next({"B", 1, 1, at_ms(1)}) == errc{});
    running.end_batch();
    CHECK_FALSE(load(save(running), running));
    running.finish();
    CHECK(rows == 2);
}

TEST_CASE("a message is not decoded while another is, and the first is taken whole") {
    auto running = start(from<trade>("trades") | publish("all"), [](const trade&) {});
    const std::string good = R"({"symbol":"B","price":1,"size":1,"time":1})";
    std::string lines = R"({"symbol":1})"
                        "\n" +
                        good;
    int refused = 0;
    lines.push_back('\0');
    CHECK(running.receive(std::span{lines.data(), lines.size() - 1}, [&](const input_error&) {
        CHECK_THROWS_AS(receive(running, good), std::logic_error);
        ++refused;
    }) == 1);
    CHECK(refused == 1);
}

TEST_CASE("a pipeline that a state did not load into takes no call") {
    const auto make = [] {
        return start(from<trade>("trades") | key_by(&trade::symbol) |
                         window(session{1s}, drop_late) | process<count>(),
                     [](const auto&) {});
    };
    auto saved_from = make();
    for (int ms = 0; ms < 20; ++ms) saved_from.push({ms % 2 ? "A" : "B", 1, 1, at_ms(ms)});
    const std::string saved = save(saved_from);
    const auto check_refuses = [&](auto& running) {
        CHECK_THROWS_AS(running.push({"A", 1, 1, at_ms(30)}), std::logic_error);
        CHECK_THROWS_AS(receive(running, "{}"), std::logic_error);
        CHECK_THROWS_AS(running.end_batch(), std::logic_error);
        CHECK_THROWS_AS(running.tick(), std::logic_error);
        CHECK_THROWS_AS(running.finish(), std::logic_error);
        CHECK_THROWS_AS(running.advance(at_ms(9000)), std::logic_error);
        CHECK_THROWS_AS(running.stats(), std::logic_error);
        CHECK_THROWS_AS(save(running), std::logic_error);
        CHECK_THROWS_AS(load(saved, running), std::logic_error);
    };
    for (std::size_t size = 0; size < saved.size(); size += 5) {
        auto running = make();
        REQUIRE(load(std::string_view{saved}.substr(0, size), running));
        check_refuses(running);
    }
    auto too_long = make();
    CHECK(load(saved + "x", too_long) == errc::archive_corrupt);
    check_refuses(too_long);
    auto running = make();
    CHECK_FALSE(load(saved, running));
    CHECK(running.push({"A", 1, 1, at_ms(30)}) == errc{});
}

TEST_CASE("late events have a topic of their own") {
    std::vector<double> late;
    auto running =
        start(from<trade>("trades") | key_by(&trade::symbol) |
                  window(tumbling{1s}, late_to("late")) | process<count>() | publish("counts"),
              [&](std::string_view topic, const auto& row) {
                  if constexpr (std::same_as<std::decay_t<decltype(row)>, trade>) {
                      CHECK(topic == "late");
                      late.push_back(row.price);
                  }
              });
    running.push({"A", 1, 1, at_ms(5000)});
    running.push({"A", 7, 1, at_ms(3999)});
    CHECK(late == std::vector{7.0});
    CHECK(running.stats().late == 1);
}

TEST_CASE("messages are decoded, and one bad event leaves its neighbours") {
    double total = 0;
    auto running = start(from<trade>("trades") | map([&](const trade& t) {
                             total += t.price;
                             return t;
                         }),
                         [](const auto&) {});
    CHECK(receive(running, R"({"symbol":"A","price":1,"size":1,"time":5})").empty());
    const auto errors = receive(running, R"([{"symbol":"A","price":2,"size":1,"time":5},
        {"symbol":"A","price":"x","size":1,"time":5},{"symbol":"A","price":4,"size":1,"time":5}])");
    REQUIRE(errors.size() == 1);
    CHECK(errors[0].index == 1);
    CHECK(errors[0].code == errc::wrong_type);
    CHECK(errors[0].field == "price");
    CHECK(total == 7);
    CHECK(running.stats().events == 3);
    CHECK(running.stats().rejected == 1);
}

namespace {

/// Cannot make anything durable.
template <class Record>
struct failing_storage : null_storage<Record> {
    using options = null_options;
    failing_storage(options, std::string_view, std::string_view) {}
    std::error_code flush() { return errc::storage_full; }
};

}  // namespace

TEST_CASE("finish gives the error of a storage, wherever it is") {
    const auto windows =
        from<trade>("t") | key_by(&trade::symbol) | window(tumbling{1s}, drop_late);
    CHECK(!start(windows | process<count, memory_storage>()).finish());
    CHECK(start(windows | process<count, failing_storage>()).finish() == errc::storage_full);
    using scored = ewma_zscore<at<"count">>;
    CHECK(start(windows | process<count>() | detect<scored, failing_storage>()).finish() ==
          errc::storage_full);
    CHECK(start(windows | process<count, failing_storage>() | detect<scored>()).finish() ==
          errc::storage_full);
}

TEST_CASE("the same input gives the same output, bit for bit") {
    const auto run = [] {
        std::string out;
        auto running = start(from<trade>("trades") | key_by(&trade::symbol) |
                                 window(tumbling{1s}, lateness{300ms}, drop_late) |
                                 process<summary<count, mean<&trade::price>>>(),
                             [&](const auto& row) {
                                 out += row.key + std::to_string(row.revision);
                                 const double value = at<"mean">(row);
                                 out.append(reinterpret_cast<const char*>(&value), sizeof value);
                             });
        for (int i = 0; i < 5000; ++i) {
            const std::string key(1, static_cast<char>('A' + i * 7 % 26));
            running.push({key, i * 0.1, 1, at_ms(i * 3 - i * 7919 % 400)});
        }
        running.finish();
        return out;
    };
    CHECK(run() == run());
}

namespace {

struct ride {
    std::string_view start;
    double key = 0;
};

}  // namespace

template <>
inline constexpr auto millrace::schema<ride> =
    millrace::fields(millrace::field{"start", &ride::start}, millrace::field{"key", &ride::key});

TEST_CASE(
    "a key with the name of a record's own field is refused at the start, and can be renamed") {
    const auto counted = [](auto key) {
        return from<ride>("rides") | key | process<count>() | publish("counts");
    };
    CHECK_THROWS_AS(start(counted(key_by(&ride::start)), [](const auto&) {}),
                    std::invalid_argument);
    CHECK_THROWS_AS(start(counted(key_by("count", &ride::start))), std::invalid_argument);
    CHECK_THROWS_AS(
        start(counted(key_by("anomaly", &ride::start)) | detect<ewma_zscore<at<"count">>>()),
        std::invalid_argument);
    std::string got;
    auto running =
        start(counted(key_by(std::string{"a name that is gone by then, "} + "from", &ride::start)),
              [&](const auto& row) { got = row.key; });
    running.push({"east", 1});
    CHECK(got == "east");
}

TEST_CASE("an event with a key too long is refused as bad input, or counted where it is late") {
    const auto counted = process<count>();
    const std::string message =
        R"([{"start":"a","key":1},{"start":"bb","key":1},{"start":"ccc","key":1},{"start":2}])";
    const auto by = key_by("from", &ride::start, max_key_bytes{1});
    auto first = start(from<ride>("rides") | publish("all") | by | counted);
    const auto errors = receive(first, message);
    REQUIRE(errors.size() == 3);
    CHECK(errors[0].index == 1);
    CHECK(errors[0].code == errc::key_too_long);
    CHECK(errors[0].offset == message.find(R"({"start":"bb")"));
    CHECK(errors[1].index == 2);
    CHECK(errors[2].code == errc::wrong_type);
    CHECK(first.stats().rejected == 3);
    CHECK(first.stats().events == 1);
    CHECK(first.stats().refused_keys == 0);
    first.push({"dd", 1});
    CHECK(first.stats().refused_keys == 1);
    CHECK(first.stats().keys == 1);

    auto behind = start(from<ride>("rides") |
                        filter([](const ride& r) { return r.start != "bb"; }) | by | counted);
    CHECK(receive(behind, message).size() == 1);
    CHECK(behind.stats().refused_keys == 1);
    CHECK(behind.stats().keys == 1);
}

namespace {

/// Holds two rows until it is flushed, and loses others.
template <class Record>
struct narrow_storage : null_storage<Record> {
    using null_storage<Record>::null_storage;

    static inline std::size_t waiting = 0, lost = 0, stored = 0;

    std::error_code append(const Record&) {
        waiting < 2 ? ++waiting : ++lost;
        return {};
    }
    bool has_room() const { return waiting < 2; }
    std::error_code flush() {
        stored += std::exchange(waiting, 0);
        return {};
    }
};

struct again {
    template <class Row>
    auto operator()(const Row& row) const {
        return std::array{row, row};
    }
};

auto in_two_stages() {
    return from<trade>("trades", disorder{300ms}) | key_by(&trade::symbol) |
           window(tumbling{1s}, lateness{700ms}, late_to("late")) | process<count>() |
           publish("counts") | flat_map(again{}) | window(tumbling{3s}, lateness{2s}, drop_late) |
           process<summary<mean<at<"count">>>>() | publish("means");
}

}  // namespace

TEST_CASE("windows that close in slices give what they give at once") {
    const auto seed = test_seed();
    INFO("seed " << seed);
    std::mt19937 random{seed};
    const auto run = [&](auto make, std::size_t slice) {
        std::mt19937 draw{seed};
        std::string out;
        std::size_t slices = 0;
        auto running = start(make(), [&](std::string_view topic, const auto& row) {
            out.append(topic).push_back(' ');
            json::encoder<std::remove_cvref_t<decltype(row)>>{}.encode(row, out);
            out.push_back('\n');
        });
        if (slice > 0) running.close_in_slices(slice);
        const std::array<std::string, 3> names{"a", "b", "c"};
        long long now = 0;
        for (int i = 0; i < 3'000; ++i) {
            now += static_cast<long long>(draw() % 40 == 0 ? draw() % 4'000 : draw() % 20);
            const auto time = at_ms(now - static_cast<long long>(draw() % 1'500));
            const auto size = static_cast<double>(draw() % 5);
            running.push(trade{names[draw() % 3], 1, size, time});
            if (draw() % 100 == 0) running.advance(at_ms(now));
            for (; running.is_behind() && random() % 8 != 0; ++slices) running.resume();
        }
        running.finish();
        INFO("slices " << slices << " of " << slice);
        CHECK((slice == 0 || slices > 50));
        CHECK_FALSE(running.is_behind());
        return out;
    };
    const auto both = [] {
        return from<trade>("trades") |
               tee(key_by(&trade::symbol) | window(tumbling{1s}, drop_late) | process<count>() |
                       publish("counts"),
                   window(tumbling{500ms}, lateness{1s}, drop_late) | process<count>() |
                       publish("all"));
    };
    for (const std::size_t slice : {1u, 2u, 5u}) {
        CHECK(run(in_two_stages, slice) == run(in_two_stages, 0));
    }
    const auto sorted = [](const std::string& lines) {
        std::vector<std::string> all;
        std::istringstream in{lines};
        for (std::string line; std::getline(in, line);) all.push_back(line);
        std::ranges::sort(all);  // the branches of a tee take turns otherwise
        return all;
    };
    CHECK(sorted(run(both, 1)) == sorted(run(both, 0)));
    CHECK_THROWS_AS(start(both()).close_in_slices(0), std::invalid_argument);
}

TEST_CASE("windows wait for a storage that has no room, and a finish waits for all") {
    const auto counts = [] {
        return from<trade>("trades") | key_by(&trade::symbol) | window(tumbling{1s}, drop_late) |
               process<count, narrow_storage>();
    };
    using storage = narrow_storage<record<std::string, result_of<count>>>;
    storage::waiting = storage::lost = storage::stored = 0;
    auto running = start(counts());
    running.close_in_slices(100);
    for (const char* symbol : {"a", "b", "c", "d", "e"}) running.push(trade{symbol, 1, 1, {}});
    running.push(trade{"f", 1, 1, at_ms(1'000)});
    CHECK(running.is_behind());
    CHECK_FALSE(running.resume());
    CHECK(storage::waiting == 2);
    running.finish();
    CHECK(storage::stored == 6);
    CHECK(storage::lost == 0);
}
