#include <millrace/pipeline/from.hpp>

#include "catch.hpp"
#include "trade.hpp"

using namespace std::chrono_literals;

namespace {

struct untimed {
    int value;
};

}  // namespace

template <>
inline constexpr auto millrace::schema<untimed> = fields(field{"value", &untimed::value});

TEST_CASE("from has a name, a codec and its limits") {
    const auto source = millrace::from<trade>("trades", millrace::codec_limits{.max_depth = 3},
                                              millrace::disorder{250ms}, millrace::any_time);
    CHECK(source.name == "trades");
    CHECK(source.limits.max_depth == 3);
    CHECK(source.time.out_of_order == 250ms);
    CHECK_FALSE(source.time.is_bounded);
    STATIC_REQUIRE(std::same_as<decltype(source)::event_type, trade>);
}

TEST_CASE("what producers must be is said by its name") {
    const auto of = [](millrace::by_producer option) { return millrace::from<trade>("t", option); };
    CHECK_THROWS_WITH(of({.max_producers = 0}), "from: max_producers must not be 0");
    CHECK_THROWS_WITH(of({.max_lag = -1ns}), "from: max_lag must not be negative");
}

TEST_CASE("whose time it is follows from the event and the options") {
    using millrace::from;
    STATIC_REQUIRE(std::same_as<decltype(from<untimed>("x"))::time_type, millrace::no_time>);
    STATIC_REQUIRE(std::same_as<decltype(from<trade>("x"))::time_type, millrace::shared_time>);
    const auto by = from<trade>("x", millrace::per_key(&trade::symbol));
    STATIC_REQUIRE(millrace::is_key_time<decltype(by)::time_type>);
    CHECK(by.timing.projection == &trade::symbol);
}
