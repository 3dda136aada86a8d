#include <millrace/windows/tumbling.hpp>

#include <random>
#include <utility>

#include "catch.hpp"
#include "trade.hpp"
#include "zone_data.hpp"

using namespace millrace;
using namespace std::chrono_literals;
using std::chrono::days, std::chrono::weeks, std::chrono::months, std::chrono::years;

namespace {

window_bounds between(std::string_view start, std::string_view end) {
    return {*parse_rfc3339(start), *parse_rfc3339(end)};
}

template <class Window>
window_bounds assign(const Window& window, std::string_view time) {
    return window.assign(*parse_rfc3339(time));
}

zone tested(std::string_view name) { return zone{name, zone_files}; }

window_bounds seconds_between(std::int64_t start, std::int64_t end) {
    return {timestamp{std::chrono::seconds{start}}, timestamp{std::chrono::seconds{end}}};
}

/// Follows `count` windows both ways from that of `time`.
template <class Window>
void require_tiles(const Window& window, timestamp time, int count) {
    const window_bounds at = window.assign(time);
    REQUIRE(at.start <= time);
    REQUIRE(time < at.end);
    for (auto [each, i] = std::pair{at, 0}; i < count && each.end < timestamp::max(); ++i) {
        const window_bounds next = window.assign(each.end);
        REQUIRE(next.start == each.end);
        REQUIRE(next.end > next.start);
        REQUIRE(window.assign(next.end - duration{1}) == next);
        each = next;
    }
    for (auto [each, i] = std::pair{at, 0}; i < count && each.start > timestamp::min(); ++i) {
        const window_bounds before = window.assign(each.start - duration{1});
        REQUIRE(before.end == each.start);
        REQUIRE(before.end > before.start);
        each = before;
    }
}

}  // namespace

TEST_CASE("a window holds its start and not its end") {
    const tumbling second{1s};
    CHECK(second.assign(at_ms(0)) == window_bounds{at_ms(0), at_ms(1000)});
    CHECK(second.assign(at_ms(999)) == window_bounds{at_ms(0), at_ms(1000)});
    CHECK(second.assign(at_ms(1000)) == window_bounds{at_ms(1000), at_ms(2000)});
}

TEST_CASE("windows before the epoch have no gap at it") {
    const tumbling second{1s};
    CHECK(second.assign(at_ms(-1)) == window_bounds{at_ms(-1000), at_ms(0)});
    CHECK(second.assign(at_ms(-1000)) == window_bounds{at_ms(-1000), at_ms(0)});
    CHECK(second.assign(at_ms(-1001)) == window_bounds{at_ms(-2000), at_ms(-1000)});
}

TEST_CASE("an hour begins on the hour") {
    const auto bounds = tumbling{1h}.assign(*parse_rfc3339("2015-08-31T18:22:00Z"));
    CHECK(bounds.start == *parse_rfc3339("2015-08-31T18:00:00Z"));
    CHECK(bounds.end == *parse_rfc3339("2015-08-31T19:00:00Z"));
}

TEST_CASE("every time is in exactly the window that it is assigned") {
    const auto seed = test_seed();
    INFO("seed " << seed);
    std::mt19937_64 random{seed};
    for (int i = 0; i < 20'000; ++i) {
        const duration size{1 + static_cast<std::int64_t>(random() % 1'000'000'007)};
        const duration offset{static_cast<std::int64_t>(random() % 4'000'000'000) - 2'000'000'000};
        const timestamp time{duration{static_cast<std::int64_t>(random()) / 4}};
        const auto [start, end] = tumbling{size, offset}.assign(time);
        REQUIRE(start <= time);
        REQUIRE(time < end);
        REQUIRE(end - start == size);
        // Aligned: start - offset is a multiple of the size.
        REQUIRE((start.time_since_epoch() - offset).count() % size.count() == 0);
    }
}

TEST_CASE("any offset is reduced to one below the size") {
    constexpr tumbling ten{10ns, 3ns};
    const auto start = [](const auto& window, std::int64_t at) {
        return window.assign(timestamp{duration{at}}).start.time_since_epoch().count();
    };
    CHECK(start(ten, -8) == -17);
    CHECK(start(ten, -7) == -7);
    CHECK(start(ten, -1) == -7);
    CHECK(start(ten, 2) == -7);
    CHECK(start(ten, 3) == 3);
    CHECK(start(tumbling{10ns}, -18) == -20);
    for (std::int64_t size = 1; size <= 12; ++size) {
        for (std::int64_t offset = -3 * size; offset <= 3 * size; ++offset) {
            const tumbling window{duration{size}, duration{offset}};
            for (std::int64_t at = -3 * size; at <= 3 * size; ++at) {
                std::int64_t expected = offset - 10 * size;
                while (expected + size <= at) expected += size;
                REQUIRE(start(window, at) == expected);
                REQUIRE(window.assign(timestamp{duration{at}}).end ==
                        timestamp{duration{expected + size}});
            }
        }
    }
}

TEST_CASE("the ends of time do not overflow") {
    const tumbling day{24h, 3h};
    CHECK(day.assign(timestamp::max()).end == timestamp::max());
    CHECK(day.assign(timestamp::min()).start == timestamp::min());
    for (const duration size : {duration{1}, duration{24h}, duration::max()}) {
        for (const duration offset :
             {duration::min(), duration{-1}, duration{1}, duration::max()}) {
            const tumbling window{size, offset};
            for (const timestamp end : {timestamp::min(), timestamp{}, timestamp::max()}) {
                const window_bounds bounds = window.assign(end);
                CHECK(bounds.start <= end);
                CHECK((end < bounds.end || end == timestamp::max()));
            }
        }
    }
}

TEST_CASE("a day is that of the zone, of 23 and 25 hours where the clocks change") {
    const tumbling day{days{1}, tested("America/New_York")};
    CHECK(assign(day, "2026-03-08T12:00:00Z") ==
          between("2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z"));
    CHECK(assign(day, "2026-11-01T12:00:00Z") ==
          between("2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"));
    CHECK(assign(day, "2026-07-02T04:30:00Z") ==
          between("2026-07-02T04:00:00Z", "2026-07-03T04:00:00Z"));
    CHECK(assign(tumbling{24h, 5h}, "2026-07-02T04:30:00Z") ==
          between("2026-07-01T05:00:00Z", "2026-07-02T05:00:00Z"));
}

TEST_CASE("a day whose midnight does not exist begins when the clocks have leapt") {
    const tumbling day{days{1}, tested("America/Sao_Paulo")};
    CHECK(assign(day, "2017-10-15T03:00:00Z") ==
          between("2017-10-15T03:00:00Z", "2017-10-16T02:00:00Z"));
    CHECK(assign(day, "2017-10-15T02:59:59Z") ==
          between("2017-10-14T03:00:00Z", "2017-10-15T03:00:00Z"));
    // Set back from midnight to 23:00, at which the day before goes on.
    CHECK(assign(day, "2017-02-19T02:30:00Z") ==
          between("2017-02-18T02:00:00Z", "2017-02-19T03:00:00Z"));
}

TEST_CASE("a day that the clocks leap over has no window") {
    const zone apia = tested("Pacific/Apia");
    const tumbling day{days{1}, apia};
    CHECK(assign(day, "2011-12-30T09:59:59Z") ==
          between("2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z"));
    CHECK(assign(day, "2011-12-30T10:00:00Z") ==
          between("2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z"));
    CHECK(assign(tumbling{weeks{1}, apia}, "2011-12-30T10:00:00Z") ==
          between("2011-12-26T10:00:00Z", "2012-01-01T10:00:00Z"));
}

TEST_CASE("a midnight that exists twice begins the day once") {
    // From 00:01 the clocks went back to 23:01.
    const tumbling day{days{1}, tested("America/St_Johns")};
    const auto sunday = between("2010-11-07T02:30:00Z", "2010-11-08T03:30:00Z");
    for (const char* time : {"2010-11-07T02:30:00Z", "2010-11-07T02:31:00Z", "2010-11-07T03:29:59Z",
                             "2010-11-07T03:30:00Z"})
        CHECK(assign(day, time) == sunday);
}

TEST_CASE("a day with an offset begins so much later on the clock") {
    const tumbling session{days{1}, tested("America/New_York"), 17h};
    CHECK(assign(session, "2026-03-08T12:00:00Z") ==
          between("2026-03-07T22:00:00Z", "2026-03-08T21:00:00Z"));
    CHECK(assign(tumbling{months{1}, tested("Europe/Berlin"), -2h}, "2026-03-31T21:00:00Z") ==
          between("2026-03-31T20:00:00Z", "2026-04-30T20:00:00Z"));
}

TEST_CASE("weeks, quarters and years of a zone") {
    const zone berlin = tested("Europe/Berlin");
    CHECK(assign(tumbling{weeks{1}, berlin}, "2026-03-25T12:00:00Z") ==
          between("2026-03-22T23:00:00Z", "2026-03-29T22:00:00Z"));
    CHECK(assign(tumbling{months{3}, berlin}, "2026-03-25T12:00:00Z") ==
          between("2025-12-31T23:00:00Z", "2026-03-31T22:00:00Z"));
    CHECK(assign(tumbling{years{1}, zone{"UTC"}}, "1969-03-25T12:00:00Z") ==
          between("1969-01-01T00:00:00Z", "1970-01-01T00:00:00Z"));
}

TEST_CASE("calendar windows are those that another implementation finds") {
    for (const zone_fact& fact : zone_facts()) {
        INFO(fact.zone << " " << fact.instant);
        const zone of = tested(fact.zone);
        const timestamp instant{std::chrono::seconds{fact.instant}};
        REQUIRE(tumbling{days{1}, of}.assign(instant) == seconds_between(fact.day, fact.next_day));
        REQUIRE(tumbling{weeks{1}, of}.assign(instant) ==
                seconds_between(fact.week, fact.next_week));
        REQUIRE(tumbling{months{1}, of}.assign(instant) ==
                seconds_between(fact.month, fact.next_month));
    }
}

TEST_CASE("calendar windows have no hole and no overlap, whatever the clocks do") {
    const auto seed = test_seed();
    INFO("seed " << seed);
    std::mt19937_64 random{seed};
    const auto below = [&](std::int64_t n) {
        return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(n));
    };
    for (int round = 0; round < 200; ++round) {
        const auto offset = [&] { return static_cast<std::int32_t>(below(180'000) - 86'400); };
        std::vector<clock_change> changes;
        for (std::int64_t at = -2'000'000; changes.size() < 20;)
            changes.push_back({at += 1 + below(round % 2 == 0 ? 200'000 : 40'000), offset()});
        const own_zone file{tzif_of(offset(), changes, "")};
        const zone own{"Own", file.directory()};
        const timestamp time{std::chrono::seconds{below(4'000'000) - 2'000'000}};
        const std::chrono::seconds later{below(172'799) - 86'399};
        require_tiles(tumbling{days{1 + below(3)}, own, later}, time, 30);
        require_tiles(tumbling{weeks{1 + below(2)}, own, later}, time, 4);
        require_tiles(tumbling{months{1 + below(5)}, own, later}, time, 3);
    }
    for (const char* name : {"Pacific/Kwajalein", "America/Juneau", "Africa/Casablanca"}) {
        const zone of = tested(name);
        require_tiles(tumbling{days{1}, of}, timestamp{}, 5'000);
        require_tiles(tumbling{weeks{3}, of}, timestamp{}, 6'000);
        require_tiles(tumbling{months{7}, of}, timestamp{}, 1'000);
    }
}

TEST_CASE("calendar windows at the ends of time") {
    for (const char* name : {"Pacific/Apia", "America/Juneau", "Europe/Berlin"}) {
        const zone of = tested(name);
        for (const auto& window : {tumbling{days{1}, of}, tumbling{days{106'751}, of},
                                   tumbling{weeks{1}, of}, tumbling{years{292}, of, -23h}}) {
            const window_bounds last = window.assign(timestamp::max());
            CHECK(last.start < timestamp::max());
            CHECK(last.end == timestamp::max());
            const window_bounds first = window.assign(timestamp::min());
            CHECK(first.start == timestamp::min());
            CHECK(first.end > timestamp::min());
            for (const duration into : {duration{1ns}, duration{1s - 1ns}, duration{25h}}) {
                for (const timestamp time : {timestamp::min() + into, timestamp::max() - into}) {
                    const window_bounds holds = window.assign(time);
                    CHECK(holds.start <= time);
                    CHECK(time < holds.end);
                    if (holds.start == timestamp::min() || holds.end == timestamp::max()) continue;
                    CHECK(window.assign(holds.start - 1ns).end == holds.start);
                    CHECK(window.assign(holds.end).start == holds.end);
                }
            }
        }
    }
}

TEST_CASE("a size that is not positive or longer than time is refused, and an offset of a day") {
    CHECK_THROWS_AS(tumbling{0s}, std::invalid_argument);
    CHECK_THROWS_AS(tumbling{-1s}, std::invalid_argument);
    CHECK_THROWS_AS(tumbling{std::chrono::hours::max()}, std::invalid_argument);
    CHECK_THROWS_AS((tumbling{days{0}, zone{"UTC"}}), std::invalid_argument);
    CHECK_THROWS_AS((tumbling{months{-1}, zone{"UTC"}}), std::invalid_argument);
    CHECK_THROWS_AS((tumbling{days{1}, zone{"UTC"}, 24h}), std::invalid_argument);
    CHECK_THROWS_AS((tumbling{days{1}, zone{"UTC"}, std::chrono::seconds::min()}),
                    std::invalid_argument);
}
