#include <millrace/pipeline/detail/state/state_table.hpp>

#include <string>

#include <millrace/core/archive.hpp>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

using table = detail::state_table<std::string, int, true>;

struct counts {
    std::uint64_t keys = 0, timers = 0, refused_timers = 0, refused_keys = 0, evicted_keys = 0,
                  state_bytes = 0;
};

counts counts_of(const table& of) {
    counts all;
    of.collect(all);
    return all;
}

}  // namespace

TEST_CASE("a key with neither state nor timer is not kept") {
    table states{{}};
    auto* of = states.find_or_add("a");
    REQUIRE(of != nullptr);
    CHECK(states.read(*of, {}) == 0);
    states.settle(*of);
    CHECK(states.find("a") == nullptr);

    of = states.find_or_add("a");
    states.write(*of, {}) = 7;
    states.settle(*of);
    REQUIRE(states.find("a") == of);
    CHECK(states.set_timer(*of, detail::time_domain::event, at_ms(5)));
    states.clear(*of);
    CHECK(counts_of(states).timers == 0);
    states.settle(*of);
    CHECK(counts_of(states).keys == 0);
}

TEST_CASE("a state that is over is not seen again, its timers stay") {
    state_settings settings;
    settings.set(time_to_live{10ms});
    table states{settings};
    auto& of = *states.find_or_add("a");
    states.write(of, at_ms(5)) = 7;
    CHECK(states.set_timer(of, detail::time_domain::event, at_ms(50)));
    states.begin(of, at_ms(14));
    CHECK(states.read(of, at_ms(14)) == 7);
    for (int i = 0; i < 3; ++i) states.sweep(at_ms(14));
    CHECK(of.has_state);
    states.sweep(at_ms(15));
    CHECK_FALSE(of.has_state);
    CHECK(of.state == 0);
    CHECK(counts_of(states).timers == 1);
}

TEST_CASE("an earlier event does not shorten a state's time") {
    state_settings settings;
    settings.set(time_to_live{10ms});
    table states{settings};
    auto& of = *states.find_or_add("a");
    states.write(of, at_ms(9)) = 7;
    states.write(of, at_ms(2)) = 8;
    states.begin(of, at_ms(18));
    CHECK(states.read(of, at_ms(18)) == 8);
    states.begin(of, at_ms(19));
    CHECK(states.read(of, at_ms(19)) == 0);
}

TEST_CASE("timers of a key that is not there are no archive") {
    table states{{}};
    auto& of = *states.find_or_add("a");
    states.set_timer(of, detail::time_domain::event, at_ms(1));
    CHECK_FALSE(load(save(states), states));
    CHECK(counts_of(states).timers == 1);

    detail::limited_keys<std::string, table::slot> no_keys{{}};
    detail::timer_heap timers, wall_timers;
    wall_timers.add(0, at_ms(1));
    std::uint32_t hand = 0;
    std::uint64_t refused = 0;
    output_archive ar;
    ar(no_keys, timers, wall_timers, hand, refused);
    CHECK(load(ar.bytes(), states) == errc::archive_corrupt);
}
