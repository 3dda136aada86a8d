#include <millrace/pipeline/detail/sources/present.hpp>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

/// Counts how often it is read.
struct counted_clock {
    timestamp* now;
    int* reads;

    [[nodiscard]] timestamp wall() const {
        ++*reads;
        return *now;
    }
    [[nodiscard]] std::chrono::nanoseconds elapsed() const { return {}; }  // the wall's jumps
};

}  // namespace

TEST_CASE("times are admitted up to max_ahead, and trusted up to max_skew") {
    timestamp now = at_ms(10'000'000);
    int reads = 0;
    detail::present<counted_clock> present{source_time{}, {&now, &reads}};
    CHECK(present.admits(now + 1h));
    CHECK_FALSE(present.admits(now + 1h + 1ns));
    CHECK(present.trusted(now - 1h) == now - 1h);
    CHECK(present.trusted(now + 1s) == now + 1s);
    CHECK(present.trusted(now + 1s + 1ns) == now);
}

TEST_CASE("the clock is read near the limits, and once a batch") {
    timestamp now = at_ms(10'000'000);
    int reads = 0;
    detail::present<counted_clock> present{source_time{}, {&now, &reads}};
    for (int i = 0; i < 100; ++i) {
        present.begin_batch();
        CHECK(present.admits(at_ms(i)));
        CHECK(present.trusted(at_ms(i)) == at_ms(i));
    }
    CHECK(reads == 1);
    present.begin_batch();
    for (int i = 0; i < 100; ++i) {
        CHECK_FALSE(present.admits(now + 2h));
        CHECK(present.trusted(now + 2s) == now);
    }
    CHECK(reads == 2);
    now += 2h;
    CHECK_FALSE(present.admits(now + 30min));  // the batch's own reading
    present.begin_batch();
    CHECK(present.admits(now + 30min));
    CHECK(reads == 3);
}

TEST_CASE("any_time is limited by nothing") {
    timestamp now{};
    int reads = 0;
    source_time settings;
    settings.set(any_time);
    detail::present<counted_clock> present{settings, {&now, &reads}};
    CHECK(present.admits(timestamp::max()));
    CHECK(present.trusted(timestamp::max()) == timestamp::max());
    CHECK(reads == 0);
}

TEST_CASE("a clock that is set back goes on from where it was") {
    manual_clock clock{at_ms(10'000'000)};
    detail::present<clock_view<manual_clock>> present{source_time{}, clock_view{clock}};
    CHECK(present.admits(at_ms(10'000'000) + 1h));
    clock.set(at_ms(0));
    clock.advance(5s);
    present.begin_batch();
    CHECK(present.admits(at_ms(10'005'000) + 1h));
    CHECK_FALSE(present.admits(at_ms(10'005'001) + 1h));
    clock.set(at_ms(20'000'000));
    present.begin_batch();
    CHECK(present.admits(at_ms(20'000'000) + 1h));
}

TEST_CASE("a leap of the clock that is taken back opens the future for no longer") {
    manual_clock clock{at_ms(10'000'000)};
    detail::present<clock_view<manual_clock>> present{source_time{}, clock_view{clock}};
    CHECK_FALSE(present.admits(at_ms(10'000'000) + 2h));
    clock.set(at_ms(10'000'000) + 8760h);
    present.look();
    CHECK(present.admits(at_ms(10'000'000) + 7000h));
    clock.set(at_ms(10'000'000));
    clock.advance(5s);
    present.look();
    CHECK_FALSE(present.admits(at_ms(10'000'000) + 7000h));
    CHECK(present.admits(at_ms(10'005'000) + 1h));
    CHECK(present.trusted(at_ms(10'005'000) + 30min) == at_ms(10'005'000));
}
