#include <millrace/core/owned_views.hpp>

#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "catch.hpp"

using namespace millrace;
using namespace millrace::detail;

namespace {

struct place {
    std::string_view city;
    std::optional<std::string_view> street;
};

struct decimal {
    long digits;
};

struct order {
    std::string_view id;
    place from;
    std::optional<place> to;
    std::vector<std::string_view> tags;
    std::array<std::optional<place>, 2> stops;
    std::string note;
    decimal price;
};

/// Its place's city is a field of its own.
struct flat {
    place at;
};

struct plain {
    double value;
    timestamp time;
    std::string text;
    char code[4];
};

struct pointing {
    const char* text;
};

template <class T>
struct holding {
    T value;
};

}  // namespace

template <>
inline constexpr bool millrace::owns_its_value<decimal> = true;
template <>
inline constexpr auto millrace::schema<place> = millrace::fields(
    millrace::field{"city", &place::city}, millrace::field{"street", &place::street});
template <>
inline constexpr auto millrace::schema<order> =
    millrace::fields(millrace::field{"id", &order::id}, millrace::field{"from", &order::from},
                     millrace::field{"to", &order::to}, millrace::field{"tags", &order::tags},
                     millrace::field{"stops", &order::stops}, millrace::field{"note", &order::note},
                     millrace::field{"price", &order::price});
template <>
inline constexpr auto millrace::schema<flat> = millrace::fields(millrace::nested_field{
    "city", &flat::at, millrace::field{"city", &place::city}});
template <>
inline constexpr auto millrace::schema<plain> =
    millrace::fields(millrace::field{"value", &plain::value}, millrace::field{"time", &plain::time},
                     millrace::field{"text", &plain::text}, millrace::field{"code", &plain::code});
template <class T>
inline constexpr auto millrace::schema<holding<T>> = millrace::fields(millrace::field{
    "value", &holding<T>::value});

static_assert(has_views<order>() && can_own_views<order>());
static_assert(has_views<flat>() && can_own_views<flat>());
static_assert(!has_views<plain>() && can_own_views<plain>());
static_assert(can_own_views<holding<std::chrono::milliseconds>>());
static_assert(can_own_views<holding<std::vector<bool>>>() == false, "no reference to its elements");
static_assert(can_own_views<holding<std::vector<std::vector<std::string_view>>>>());
static_assert(!can_own_views<holding<const char*>>());
static_assert(!can_own_views<holding<std::optional<std::u8string_view>>>());
static_assert(!can_own_views<holding<std::span<const int>>>());
static_assert(!can_own_views<holding<std::vector<std::span<int>>>>());
static_assert(!can_own_views<holding<std::tuple<std::string_view>>>());
static_assert(!can_own_views<holding<std::map<std::string_view, int>>>());
static_assert(!can_own_views<holding<pointing>>(), "a struct without a schema may hold anything");

TEST_CASE("each view that a schema leads to is owned, however deep") {
    std::vector<std::string> kept;
    kept.reserve(100);
    const auto keep = [&](std::string_view text) -> std::string_view {
        return kept.emplace_back(text);
    };
    std::string source = "id city street to-city tag stop";
    const std::string_view all = source;
    order o{all.substr(0, 2),
            {all.substr(3, 4), all.substr(8, 6)},
            place{all.substr(15, 7), {}},
            {all.substr(23, 3), all.substr(23, 3)},
            {std::nullopt, place{all.substr(27, 4), all.substr(27, 4)}},
            "note",
            {7}};
    own_views(o, keep);
    source.assign(source.size(), '?');
    REQUIRE(o.id == "id");
    REQUIRE(o.from.city == "city");
    REQUIRE(o.from.street == "street");
    REQUIRE(o.to->city == "to-city");
    REQUIRE(!o.to->street);
    REQUIRE(o.tags == std::vector<std::string_view>{"tag", "tag"});
    REQUIRE(!o.stops[0]);
    REQUIRE(o.stops[1]->city == "stop");
    REQUIRE(o.stops[1]->street == "stop");
    REQUIRE(o.note == "note");
    REQUIRE(kept.size() == 8);
}

TEST_CASE("a field inside of a member is owned as well") {
    std::string source = "paris";
    std::string kept;
    const auto keep = [&](std::string_view text) -> std::string_view { return kept = text; };
    flat f{{source, {}}};
    own_views(f, keep);
    source = "?????";
    REQUIRE(f.at.city == "paris");
}

TEST_CASE("what an event has outside of itself is its texts and containers") {
    const std::string long_text(100, 'x');
    CHECK(outer_bytes(long_text) == 101);
    CHECK(outer_bytes(std::string{"short"}) == 0);
    CHECK(outer_bytes(std::string_view{"view"}) == 4);
    CHECK(outer_bytes(7) == 0);
    CHECK(outer_bytes(holding<std::optional<std::string>>{std::nullopt}) == 0);
    CHECK(outer_bytes(holding<std::optional<std::string>>{long_text}) == 101);
    CHECK(outer_bytes(holding<std::vector<std::string>>{{long_text, ""}}) ==
          101 + 2 * sizeof(std::string));
    CHECK(outer_bytes(holding<std::array<std::string_view, 2>>{{"a", "bc"}}) == 3);
    const order o{"id", {"city", "street"}, place{"to", {}}, {"tag"}, {}, long_text, {}};
    CHECK(outer_bytes(o) == 2 + 10 + 2 + sizeof(std::string_view) + 3 + 101);
}
