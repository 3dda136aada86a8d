#include <millrace/core/schema.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "catch.hpp"

namespace {

enum class side { buy, sell };

struct trade {
    std::string symbol;
    double price = 0;
    side direction = side::buy;
    millrace::timestamp time{};
    std::optional<int> lots;
};

struct untimed {
    int a = 0;
};

struct unknown {};

}  // namespace

template <>
inline constexpr auto millrace::schema<side> = millrace::enumerators(
    millrace::enumerator{"buy", side::buy}, millrace::enumerator{"sell", side::sell});
template <>
inline constexpr auto millrace::schema<trade> = millrace::fields(
    millrace::field{"symbol", &trade::symbol}, millrace::field{"price", &trade::price},
    millrace::field{"side", &trade::direction},
    millrace::event_time{"time", &trade::time, millrace::time_format::nanoseconds},
    millrace::field{"lots", &trade::lots});
template <>
inline constexpr auto millrace::schema<untimed> = millrace::fields(millrace::field{"a",
                                                                                   &untimed::a});

using namespace millrace;

TEST_CASE("schema lists the fields in order, and reaches them") {
    constexpr auto& list = schema<trade>;
    STATIC_REQUIRE(list.size == 5);
    CHECK(list.names() ==
          std::array<std::string_view, 5>{"symbol", "price", "side", "time", "lots"});
    CHECK(list.index_of("side") == 2);
    CHECK(list.index_of("sid") == list.size);
    trade value{"A", 1.5, side::sell, timestamp{duration{7}}, 3};
    const trade& fixed = value;
    CHECK(std::get<0>(list.all).get(fixed) == "A");
    std::get<1>(list.all).get(value) = 2.5;
    CHECK(value.price == 2.5);
    std::vector<std::string> names;
    list.for_each([&](const auto& field) { names.emplace_back(field.name); });
    CHECK(names == std::vector<std::string>{"symbol", "price", "side", "time", "lots"});
}

TEST_CASE("schema knows the event time and its format") {
    STATIC_REQUIRE(has_role<trade, field_role::event_time>);
    STATIC_REQUIRE_FALSE(has_role<untimed, field_role::event_time>);
    STATIC_REQUIRE_FALSE(has_role<trade, field_role::key>);
    STATIC_REQUIRE_FALSE(has_role<unknown, field_role::event_time>);
    trade value;
    field_of<field_role::event_time>(value) = timestamp{duration{9}};
    CHECK(value.time == timestamp{duration{9}});
    const trade& fixed = value;
    CHECK(field_of<field_role::event_time>(fixed) == value.time);
    CHECK(std::get<3>(schema<trade>.all).format == time_format::nanoseconds);
    CHECK(std::get<0>(schema<trade>.all).format == time_format::rfc3339);
}

TEST_CASE("schema of an enumeration goes both ways") {
    CHECK(schema<side>.find("sell") == side::sell);
    CHECK(schema<side>.find("Sell") == std::nullopt);
    CHECK(schema<side>.find("") == std::nullopt);
    CHECK(schema<side>.name_of(side::buy) == "buy");
    CHECK(schema<side>.name_of(static_cast<side>(9)).empty());
}

TEST_CASE("schema's concepts tell what can be a field") {
    STATIC_REQUIRE(described<trade>);
    STATIC_REQUIRE_FALSE(described<unknown>);
    STATIC_REQUIRE_FALSE(described<side>);
    STATIC_REQUIRE(named_enum<side>);
    STATIC_REQUIRE_FALSE(named_enum<time_format>);
    STATIC_REQUIRE(scalar<double>);
    STATIC_REQUIRE(scalar<bool>);
    STATIC_REQUIRE(scalar<std::uint64_t>);
    STATIC_REQUIRE(scalar<std::string_view>);
    STATIC_REQUIRE(scalar<timestamp>);
    STATIC_REQUIRE(scalar<side>);
    STATIC_REQUIRE_FALSE(scalar<trade>);
    STATIC_REQUIRE_FALSE(scalar<std::optional<int>>);
    STATIC_REQUIRE_FALSE(scalar<const char*>);
    STATIC_REQUIRE(is_optional<std::optional<int>>);
    STATIC_REQUIRE_FALSE(is_optional<int>);
    STATIC_REQUIRE(std::same_as<unwrapped<std::optional<int>>, int>);
}
