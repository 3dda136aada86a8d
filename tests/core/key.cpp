#include <millrace/core/key.hpp>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;

TEST_CASE("texts, integers and named enumerations are keys; a key of a view is kept as a string") {
    STATIC_REQUIRE(key_value<std::string_view>);
    STATIC_REQUIRE(key_value<int>);
    STATIC_REQUIRE(key_value<trigger>);
    STATIC_REQUIRE_FALSE(key_value<double>);

    struct by_symbol {
        std::string_view trade::*projection = &trade::symbol;
    };
    STATIC_REQUIRE(std::same_as<key_of<by_symbol, trade>, std::string>);
    STATIC_REQUIRE(std::same_as<key_of<unkeyed, trade>, no_key>);
}
