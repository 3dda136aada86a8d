#include <millrace/operators/key_by.hpp>

#include "catch.hpp"
#include "trade.hpp"

namespace {

enum class side { buy, sell };

}  // namespace

template <>
inline constexpr auto millrace::schema<side> = millrace::enumerators(
    millrace::enumerator{"buy", side::buy}, millrace::enumerator{"sell", side::sell});

TEST_CASE("a key by member is called as its schema says") {
    CHECK(millrace::key_by(&trade::symbol).name == "symbol");

    struct plain {
        int id;
    };
    CHECK(millrace::key_by(&plain::id).name == "key");
}

TEST_CASE("members of one type are told apart") {
    CHECK(millrace::key_by(&trade::price).name == "price");
    CHECK(millrace::key_by(&trade::size).name == "size");
}

TEST_CASE("a key by function has the name it is given") {
    auto key = millrace::key_by("first_letter", [](const trade& t) { return t.symbol[0]; });
    CHECK(key.name == "first_letter");
    CHECK(millrace::project(key.projection, trade{"XYZ", 1, 2, {}}) == 'X');
}

TEST_CASE("text keys are kept as strings, others as they are") {
    using by_symbol = decltype(millrace::key_by(&trade::symbol));
    STATIC_REQUIRE(std::same_as<millrace::key_of<by_symbol, trade>, std::string>);
    STATIC_REQUIRE(std::same_as<millrace::key_of<millrace::unkeyed, trade>, millrace::no_key>);

    STATIC_REQUIRE(millrace::key_value<std::string_view>);
    STATIC_REQUIRE(millrace::key_value<int>);
    STATIC_REQUIRE(millrace::key_value<side>);
    STATIC_REQUIRE_FALSE(millrace::key_value<double>);
    STATIC_REQUIRE_FALSE(millrace::key_value<trade>);
}

TEST_CASE("a text key has a limit in bytes, which is 256 unless said otherwise") {
    const auto usual = millrace::key_by(&trade::symbol);
    const std::string text(257, 'x');
    const std::string_view view{text};
    CHECK(usual.takes(trade{view.substr(1), 1, 2, {}}));
    CHECK_FALSE(usual.takes(trade{view, 1, 2, {}}));
    CHECK_FALSE(millrace::key_by("s", &trade::symbol, millrace::max_key_bytes{2})
                    .takes(trade{"XYZ", 1, 2, {}}));
    CHECK(millrace::key_by("n", [](const trade& t) {
              return static_cast<int>(t.size);
          }).takes(trade{"XYZ", 1, 2, {}}));
    CHECK_THROWS_AS(millrace::key_by(&trade::symbol, millrace::max_key_bytes{0}),
                    std::invalid_argument);
}

TEST_CASE("a key of several parts is called by all of their names") {
    const auto by = millrace::key_by(&trade::symbol, &trade::price);
    CHECK(by.name == "symbol/price");
    const auto named = millrace::key_by(
        &trade::symbol, millrace::key_part{"a/b", [](const trade& t) { return t.symbol.size(); }},
        millrace::max_key_bytes{9});
    CHECK(named.name == "symbol/a~1b");
    CHECK(named.max_bytes == 9);
    const auto key = millrace::project(named.projection, trade{"XYZ", 1, 2, {}});
    CHECK(key == millrace::composite_key<std::string_view, std::size_t>{{"XYZ", 3}});
    CHECK_THROWS_AS(millrace::key_by(&trade::symbol, &trade::symbol), std::invalid_argument);
    CHECK_THROWS_AS(millrace::key_by(&trade::symbol, &trade::price, millrace::max_key_bytes{0}),
                    std::invalid_argument);
}

TEST_CASE("one key_part is a key of one part") {
    const auto by = millrace::key_by(millrace::key_part{"first", &trade::symbol});
    CHECK(by.name == "first");
    CHECK(by.projection == &trade::symbol);
}

TEST_CASE("the text of all parts together has a limit in bytes") {
    const auto by = millrace::key_by(&trade::symbol, millrace::key_part{"again", &trade::symbol},
                                     &trade::size, millrace::max_key_bytes{6});
    CHECK(by.takes(trade{"XYZ", 1, 2, {}}));
    CHECK_FALSE(by.takes(trade{"XYZZ", 1, 2, {}}));
}
