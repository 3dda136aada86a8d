#include <millrace/core/stream.hpp>

#include <string_view>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;

namespace {

struct by_symbol {
    std::string_view trade::*projection = &trade::symbol;
};

}  // namespace

TEST_CASE("a stream keeps its time under another key, and loses its key with its events") {
    using plain = event_stream<trade, unkeyed, shared_time>;
    using keyed = decltype(plain{}.keyed_by(by_symbol{}));
    STATIC_REQUIRE(std::same_as<keyed, event_stream<trade, by_symbol, shared_time>>);
    STATIC_REQUIRE(
        std::same_as<decltype(keyed{}.of<int>()), event_stream<int, unkeyed, shared_time>>);
    STATIC_REQUIRE(std::same_as<decltype(plain{}.of_records<int>(by_symbol{})),
                                event_stream<int, by_symbol, shared_time>>);
}

TEST_CASE("the time of a key goes on by the key of the records") {
    using by_key = event_stream<trade, by_symbol, key_time<std::string_view trade::*>>;
    STATIC_REQUIRE(std::same_as<decltype(by_key{}.of_records<int>(unkeyed{}))::time_type,
                                key_time<unkeyed::whole_stream>>);
    CHECK_NOTHROW(detail::check_own_time(by_key{{}, {&trade::symbol}}));
    CHECK_THROWS_AS(detail::check_own_time(by_key{{}, {nullptr}}), std::invalid_argument);
}
