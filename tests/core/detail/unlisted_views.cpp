#include <millrace/core/detail/unlisted_views.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;
using detail::has_unlisted_views;

namespace {

struct hidden {
    double value;
    std::string_view note;
};
struct listed {
    std::string_view symbol;
    std::chrono::nanoseconds pause;
    std::optional<std::string_view> venue;
    std::string text;
    char code[4];
    timestamp time;
};
struct large_array {
    std::string_view symbol;
    char reserved[2000];
};
struct one_of_two {
    std::string_view symbol, source;
};
struct numbers_beside {
    double value;
    long cached[4];
    std::array<int, 3> more;
    std::string text;
};
struct behind_text {
    std::string symbol;
    std::vector<int> numbers;
    char code[5];
    std::string_view source;
};
struct inner {
    std::string_view name;
    int number;
};
struct nested {
    inner of;
    long rest[3];
};
struct nested_hidden {
    std::vector<hidden> all;
};
struct made {  // nothing can be told
    explicit made(double of) : value{of} {}
    double value;
    std::string_view note;
};

}  // namespace

template <>
inline constexpr auto millrace::schema<hidden> = millrace::fields(millrace::field{"value",
                                                                                  &hidden::value});
template <>
inline constexpr auto millrace::schema<listed> = millrace::fields(
    millrace::field{"symbol", &listed::symbol}, millrace::field{"venue", &listed::venue});
template <>
inline constexpr auto millrace::schema<one_of_two> = millrace::fields(millrace::field{
    "symbol", &one_of_two::symbol});
template <>
inline constexpr auto millrace::schema<numbers_beside> = millrace::fields(millrace::field{
    "value", &numbers_beside::value});
template <>
inline constexpr auto millrace::schema<behind_text> = millrace::fields(millrace::field{
    "symbol", &behind_text::symbol});
template <>
inline constexpr auto millrace::schema<inner> = millrace::fields(
    millrace::field{"name", &inner::name}, millrace::field{"number", &inner::number});
template <>
inline constexpr auto millrace::schema<nested> = millrace::fields(millrace::field{"of",
                                                                                  &nested::of});
template <>
inline constexpr auto millrace::schema<nested_hidden> = millrace::fields(millrace::field{
    "all", &nested_hidden::all});
template <>
inline constexpr auto millrace::schema<made> = millrace::fields(millrace::field{"value",
                                                                                &made::value});

static_assert(has_unlisted_views<hidden>());
static_assert(has_unlisted_views<one_of_two>());
static_assert(has_unlisted_views<behind_text>());
static_assert(has_unlisted_views<nested_hidden>());
static_assert(has_unlisted_views<std::optional<hidden>>());
static_assert(!has_unlisted_views<trade>());
static_assert(!has_unlisted_views<listed>(), "other members may stand beside the fields");
static_assert(!has_unlisted_views<numbers_beside>());
static_assert(!has_unlisted_views<nested>(), "a view that another schema names");
static_assert(!has_unlisted_views<made>());
static_assert(!has_unlisted_views<int>());

TEST_CASE("views that no schema names are found at compile time") {
    STATIC_REQUIRE(detail::view_members<one_of_two>() == 2);
    STATIC_REQUIRE(detail::view_members<behind_text>() == 1);
    STATIC_REQUIRE(detail::view_members<large_array>() == 1);
}
