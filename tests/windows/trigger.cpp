#include <millrace/windows/trigger.hpp>

#include <stdexcept>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

struct no_state {
    bool on_event(int, const trade&, event_stamp) const { return true; }
};
struct other_event {
    using state = events::state;
    bool on_event(state&, int, event_stamp) const { return true; }
};

static_assert(trigger_policy<events, trade>);
static_assert(trigger_policy<every, trade>);
static_assert(!trigger_policy<no_state, trade>);
static_assert(!trigger_policy<other_event, trade>);

}  // namespace

TEST_CASE("a trigger by events fires at each so many-th, counted from when it fired last") {
    const events third{3};
    events::state of;
    CHECK_FALSE(third.on_event(of, trade{}, {}));
    CHECK_FALSE(third.on_event(of, trade{}, {}));
    CHECK(third.on_event(of, trade{}, {}));
    events::state other{1};
    third.merge(other, of);
    CHECK(other.count == 4);
}

TEST_CASE("a trigger of nothing is refused") {
    CHECK_THROWS_AS(events{0}, std::invalid_argument);
    CHECK_THROWS_AS(every{0s}, std::invalid_argument);
    CHECK_THROWS_AS(every{-1s}, std::invalid_argument);
}
