#include <millrace/windows/session.hpp>

#include <stdexcept>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;
using namespace std::chrono_literals;

TEST_CASE("a session needs a gap, and room for one") {
    CHECK_THROWS_AS(session{0s}, std::invalid_argument);
    CHECK_THROWS_AS(session{-1s}, std::invalid_argument);
    CHECK_THROWS_AS((session{5s, 4s}), std::invalid_argument);
    CHECK(session{5s}.gap() == 5s);
    CHECK(session{5s}.max_length() == duration::max());
}

TEST_CASE("a session ends a gap behind its last event, and at the latest where it may") {
    CHECK(session{5ms}.end_of(at_ms(0), at_ms(40)) == at_ms(45));
    CHECK(session{5ms, 42ms}.end_of(at_ms(0), at_ms(40)) == at_ms(42));
    CHECK(session{5ms}.last_end(timestamp::min()) == timestamp::max());
    CHECK(session{5ms, 1h}.last_end(timestamp::max() - 1s) == timestamp::max());
}
