#include <millrace/pipeline/detail/windows/waiting_events.hpp>

#include <algorithm>
#include <map>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/analyzers/sum.hpp>
#include <millrace/core/archive.hpp>
#include <millrace/operators/filter.hpp>
#include <millrace/operators/map.hpp>
#include <millrace/pipeline/run.hpp>
#include <millrace/windows/tumbling.hpp>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

struct ping {
    std::uint64_t id;
    double value;
    timestamp time;
};
struct owner {
    std::string name;
};
/// Its source is for the program alone.
struct sourced_ping {
    std::uint64_t id;
    std::string_view source;
    timestamp time;
};
struct named_ping {
    std::string_view name;
    double value;
    timestamp time;
};

}  // namespace

template <>
inline constexpr auto millrace::schema<ping> = fields(field{"id", &ping::id},
                                                      field{"value", &ping::value},
                                                      event_time{"time", &ping::time});
template <>
inline constexpr auto millrace::schema<named_ping> = fields(field{"name", &named_ping::name},
                                                            field{"value", &named_ping::value},
                                                            event_time{"time", &named_ping::time});
template <>
inline constexpr auto millrace::schema<owner> = fields(field{"name", &owner::name});
template <>
inline constexpr auto millrace::schema<sourced_ping> =
    fields(field{"id", &sourced_ping::id}, event_time{"time", &sourced_ping::time});

namespace {

/// What it cannot take, it throws at.
struct picky_sum : sum<&ping::value> {
    void update(const ping& one) {
        if (one.value < 0) throw std::runtime_error{"negative"};
        sum<&ping::value>::update(one);
    }
};

struct row_seen {
    std::uint64_t key;
    timestamp start;
    double value;
    std::uint32_t revision;
    timestamp watermark;
    std::uint64_t late;

    friend bool operator==(const row_seen&, const row_seen&) = default;
};

auto note_in(std::vector<row_seen>& rows, std::size_t& throws) {
    return [&rows, &throws](const auto& row) {
        if constexpr (requires { row.window; }) {
            std::uint64_t key = 0;
            if constexpr (requires { row.key / 2; }) {
                key = row.key;
            } else {
                key = std::stoull(row.key.substr(row.key.find_first_not_of('-')));
            }
            rows.push_back(
                {key, row.window.start, row.result.value, row.revision, row.watermark, row.late});
            if (throws != 0 && --throws == 0) throw std::runtime_error{"full"};
        }
    };
}

auto sums() {
    return from<ping>("pings", disorder{20ms}, any_time) |
           filter([](const ping& p) { return p.id % 16 != 0; }) | map([](const ping& p) {
               return ping{p.id, p.value * 2, p.time};
           }) |
           key_by(&ping::id) | window(tumbling{1s}, lateness{50ms}, drop_late) |
           process<sum<&ping::value>>();
}

/// By names of all sizes, up to too long to be copied cheaply, in a text that the next one is
/// written over.
auto sums_by_name() {
    return from<ping>("pings", disorder{20ms}, any_time) |
           filter([](const ping& p) { return p.id % 16 != 0; }) |
           map([text = std::string{}](const ping& p) mutable {
               text.assign(p.id % 1000 == 7 ? 200 : p.id % 23, '-');
               text += std::to_string(p.id);
               return named_ping{text, p.value * 2, p.time};
           }) |
           key_by(&named_ping::name) | window(tumbling{1s}, lateness{50ms}, drop_late) |
           process<sum<&named_ping::value>>();
}

/// More keys a window than the nearest memory holds. Some events that no window sees end one.
std::vector<ping> random_pings(std::mt19937& random, std::size_t count) {
    std::vector<ping> events;
    long long now = 1'000'000;
    for (std::size_t i = 0; i < count; ++i) {
        if (i % 50 == 0) now += 1;
        if (i % 40'000 == 39'990) {
            now += 1500;
            events.push_back({0, 0, at_ms(now)});
        }
        events.push_back({random() % 60'000, static_cast<double>(random() % 1000) / 7,
                          at_ms(now - static_cast<long long>(random() % 90))});
    }
    return events;
}

/// In spans of random sizes, cut by save and load.
template <class Describe>
void compare_spans(Describe sums, const std::vector<ping>& events, std::mt19937& random,
                   bool is_sliced) {
    std::vector<row_seen> expected, rows;
    std::size_t none = 0;
    auto single = start(sums(), note_in(expected, none));
    for (const ping& each : events) (void)single.push(each);
    single.finish();

    auto batched = start(sums(), note_in(rows, none));
    if (is_sliced) batched.close_in_slices(1000);
    for (std::size_t at = 0; at < events.size();) {
        const std::size_t size = std::min<std::size_t>(random() % 3000, events.size() - at);
        const auto part = std::span{events}.subspan(at, size);
        if (random() % 2 == 0) {
            CHECK(batched.push(part) == size);
        } else {
            batched.begin_batch();
            for (const ping& each : part) REQUIRE(batched.push_next(each) == errc{});
            batched.end_batch();
        }
        at += size;
        if (random() % 10 == 0) {
            const std::string saved = [&] {
                output_archive ar;
                batched.archive(ar);
                return std::move(ar).bytes();
            }();
            auto next = start(sums(), note_in(rows, none));
            if (is_sliced) next.close_in_slices(1000);
            input_archive ar{saved};
            next.archive(ar);
            REQUIRE(ar.ok());
            batched = std::move(next);
        }
    }
    batched.finish();
    REQUIRE(rows.size() > 100'000);
    CHECK(rows == expected);
    CHECK(batched.stats().events == events.size());
    CHECK(batched.stats().late == single.stats().late);
    CHECK(batched.stats().corrected == single.stats().corrected);
}

}  // namespace

TEST_CASE("events wait whose copies need nothing of others") {
    STATIC_REQUIRE(detail::may_wait<ping>());
    STATIC_REQUIRE(detail::may_wait<trade>());        // its views can be owned
    STATIC_REQUIRE_FALSE(detail::may_wait<owner>());  // a copy costs
    STATIC_REQUIRE_FALSE(detail::may_wait<std::pair<int, int>>());
    STATIC_REQUIRE_FALSE(detail::may_wait<sourced_ping>());  // nobody would own its source
}

TEST_CASE("spans of events give what the events give one by one") {
    const auto seed = test_seed();
    INFO("seed " << seed);
    std::mt19937 random{seed};
    const std::vector<ping> events = random_pings(random, 120'000);
    const bool is_sliced = GENERATE(false, true);
    compare_spans([] { return sums(); }, events, random, is_sliced);
    compare_spans([] { return sums_by_name(); }, events, random, is_sliced);
}

TEST_CASE("what waits is counted where its window closes within the span") {
    std::vector<ping> events;
    for (std::uint64_t i = 0; i < 60'010; ++i) events.push_back({i % 30'000, 1, at_ms(1000)});
    events.push_back({0, 0, at_ms(9000)});
    std::size_t rows = 0;
    double sum = 0;
    auto running =
        start(from<ping>("pings", any_time) | filter([](const ping& p) { return p.value != 0; }) |
                  key_by(&ping::id) | window(tumbling{1s}, drop_late) |
                  process<millrace::sum<&ping::value>>(),
              [&](const auto& row) {
                  ++rows;
                  sum += row.result.value;
              });
    running.push(std::span{events}.first(30'000));
    running.push(std::span{events}.subspan(30'000));
    CHECK(rows == 30'000);
    CHECK(sum == 60'010);
}

TEST_CASE("a key that a window got of the last comes in a span once there are many") {
    std::vector<std::uint64_t> keys, expected;
    double sum = 0;
    auto running =
        start(from<ping>("pings", any_time) | key_by(&ping::id) | window(tumbling{1s}, drop_late) |
                  process<millrace::sum<&ping::value>>(),
              [&](const auto& row) {
                  keys.push_back(row.key);
                  sum += row.result.value;
              });
    const auto push_keys = [&](std::uint64_t begin, std::uint64_t end, timestamp time) {
        std::vector<ping> events;
        for (std::uint64_t id = begin; id < end; ++id) events.push_back({id, 1, time});
        for (std::uint64_t id = begin; id < end; ++id) expected.push_back(id);
        CHECK(running.push(events) == events.size());
    };
    push_keys(0, 20'000, at_ms(1000));  // so few that they are kept
    running.advance(at_ms(2000));
    CHECK(keys.size() == 20'000);
    push_keys(20'000, 50'000, at_ms(2000));  // so many that events wait
    push_keys(0, 20'000, at_ms(2000));
    running.finish();
    CHECK(keys.size() == expected.size());
    CHECK(std::ranges::equal(keys, expected));
    CHECK(sum == 70'000);
}

TEST_CASE("an event at which something throws is lost alone, wherever it stands in a span") {
    const auto seed = test_seed();
    INFO("seed " << seed);
    std::mt19937 random{seed};
    std::vector<ping> events;
    std::map<std::uint64_t, double> expected, sums;
    std::size_t bad = 0;
    for (std::uint64_t i = 0; i < 60'000; ++i) {
        const std::uint64_t id = i < 30'000 ? i : random() % 30'000;
        const bool is_bad = i >= 30'000 && random() % 500 == 0;
        events.push_back({id, is_bad ? -1.0 : 1.0, at_ms(1000)});
        if (!is_bad) expected[id] += 1;
        if (is_bad || id == 7 || id == 11) ++bad;
    }
    auto running = start(from<ping>("pings", any_time) | filter([](const ping& p) {
                             if (p.id == 7) throw std::runtime_error{"seven"};
                             return true;
                         }) |
                             key_by("id",
                                    [](const ping& p) {
                                        if (p.id == 11) throw std::runtime_error{"eleven"};
                                        return p.id;
                                    }) |
                             window(tumbling{1s}, drop_late) | process<picky_sum>(),
                         [&](const auto& row) { sums[row.key] += row.result.value; });
    expected.erase(7);
    expected.erase(11);
    CHECK_THROWS_WITH(running.push(std::span{events}.first(30'000)), "seven");
    CHECK_THROWS_AS(running.push(std::span{events}.subspan(30'000)), std::runtime_error);
    CHECK(running.push(std::span<const ping>{}) == 0);
    running.finish();
    CHECK(sums == expected);
    CHECK(running.stats().events == events.size());
    CHECK(running.stats().failed == bad);
}

TEST_CASE("behind errors_to an event at which an analyzer throws is known, however many keys") {
    std::vector<ping> events;
    for (std::uint64_t i = 0; i < 60'000; ++i)
        events.push_back({i % 30'000, i == 40'000 ? -1.0 : 1.0, at_ms(1000)});
    std::vector<std::uint64_t> broken;
    double sum = 0;
    auto running = start(from<ping>("pings", any_time) | errors_to("broken") | key_by(&ping::id) |
                             window(tumbling{1s}, drop_late) | process<picky_sum>(),
                         [&](std::string_view, const auto& row) {
                             if constexpr (requires { row.id; }) {
                                 broken.push_back(row.id);
                             } else {
                                 sum += row.result.value;
                             }
                         });
    CHECK(running.push(events) == events.size());
    running.finish();
    CHECK(broken == std::vector<std::uint64_t>{10'000});
    CHECK(sum == 59'999);
    CHECK(running.stats().failed == 1);
}

TEST_CASE("a consumer that throws loses nothing of a span but the record that it has seen") {
    const auto seed = test_seed();
    INFO("seed " << seed);
    std::mt19937 random{seed};
    const std::vector<ping> events = random_pings(random, 100'000);
    std::vector<row_seen> expected, rows;
    std::size_t none = 0, throws = 20'000;
    auto single = start(sums(), note_in(expected, none));
    for (const ping& each : events) (void)single.push(each);
    single.finish();
    auto batched = start(sums(), note_in(rows, throws));
    CHECK_THROWS_WITH(batched.push(events), "full");
    batched.finish();
    CHECK(rows == expected);
}
