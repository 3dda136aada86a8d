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

TEST_CASE("a key of several parts has the text of all of them") {
    CHECK(detail::text_size(composite_key<std::string, int, std::string_view>{{"abc", 7, "de"}}) ==
          5);
    CHECK(detail::text_size(composite_key<int, bool>{}) == 0);
    CHECK(detail::text_size(std::string{"abc"}) == 3);
    CHECK(detail::text_size(7) == 0);
    STATIC_REQUIRE(detail::has_text<composite_key<int, std::string>>);
    STATIC_REQUIRE_FALSE(detail::has_text<composite_key<int, trigger>>);
    STATIC_REQUIRE(detail::is_key<composite_key<int, trigger>>);
    STATIC_REQUIRE_FALSE(detail::is_key<composite_key<int, double>>);
    STATIC_REQUIRE_FALSE(key_value<composite_key<int, int>>);
}
