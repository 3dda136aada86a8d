#include <millrace/codec/field_value.hpp>

#include <string>
#include <vector>

#include "catch.hpp"

namespace {

enum class color { red, blue };

struct pair {
    int first = 1;
    std::string second = "two";
};

struct nested {
    int plain = 0;
    std::optional<pair> inside;
};

}  // namespace

template <>
inline constexpr auto millrace::schema<color> = millrace::enumerators(
    millrace::enumerator{"red", color::red}, millrace::enumerator{"blue", color::blue});
template <>
inline constexpr auto millrace::schema<pair> = millrace::fields(
    millrace::field{"first", &pair::first}, millrace::field{"second", &pair::second});

template <>
inline constexpr auto millrace::schema<nested> = millrace::fields(
    millrace::field{"plain", &nested::plain}, millrace::field{"inside", &nested::inside});

using namespace millrace;
using namespace millrace::detail;

namespace {

json_number number(const char* text) {
    json_number scanned;
    REQUIRE(scan_number(text, text + std::char_traits<char>::length(text), scanned));
    return scanned;
}

constexpr auto plain = time_format::rfc3339;

}  // namespace

TEST_CASE("assign_text goes to text, enumerations and times") {
    std::string owned;
    CHECK(assign_text(owned, "abc", plain) == no_error);
    CHECK(owned == "abc");
    const std::string source = "def";
    std::string_view view;
    CHECK(assign_text(view, source, plain) == no_error);
    CHECK(view.data() == source.data());
    color shade = color::red;
    CHECK(assign_text(shade, "blue", plain) == no_error);
    CHECK(shade == color::blue);
    CHECK(assign_text(shade, "green", plain) == errc::unknown_enumerator);
    CHECK(shade == color::blue);
    timestamp time;
    CHECK(assign_text(time, "1970-01-01T00:00:01Z", plain) == no_error);
    CHECK(time == timestamp{std::chrono::seconds{1}});
    CHECK(assign_text(time, "noon", plain) == errc::invalid_timestamp);
    int other = 5;
    bool truth = false;
    CHECK(assign_text(other, "5", plain) == errc::wrong_type);
    CHECK(assign_text(truth, "true", plain) == errc::wrong_type);
}

TEST_CASE("assign_number goes to numbers, and to times in their unit") {
    int i = 0;
    double d = 0;
    CHECK(assign_number(i, number("-5"), plain) == no_error);
    CHECK(i == -5);
    CHECK(assign_number(d, number("0.5"), plain) == no_error);
    CHECK(d == 0.5);
    timestamp time;
    const auto check = [&](time_format format, duration unit) {
        CHECK(assign_number(time, number("-12"), format) == no_error);
        CHECK(time.time_since_epoch() == -12 * unit);
        CHECK(assign_number(time, number("12.0"), format) == errc::invalid_timestamp);
    };
    using namespace std::chrono;
    check(time_format::rfc3339, milliseconds{1});
    check(time_format::seconds, seconds{1});
    check(time_format::milliseconds, milliseconds{1});
    check(time_format::microseconds, microseconds{1});
    check(time_format::nanoseconds, nanoseconds{1});
    CHECK(assign_number(time, number("9223372036854775807"), time_format::nanoseconds) == no_error);
    CHECK(time == timestamp::max());
    CHECK(assign_number(time, number("9223372036854775807"), time_format::microseconds) ==
          errc::out_of_range);
    CHECK(assign_number(time, number("9223372036854775808"), time_format::nanoseconds) ==
          errc::out_of_range);
    bool truth = false;
    color shade{};
    std::string owned;
    CHECK(assign_number(truth, number("1"), plain) == errc::wrong_type);
    CHECK(assign_number(shade, number("1"), plain) == errc::wrong_type);
    CHECK(assign_number(owned, number("1"), plain) == errc::wrong_type);
}

TEST_CASE("assign_bool and assign_null go to bool and to optionals") {
    bool truth = false;
    int other = 0;
    CHECK(assign_bool(truth, true) == no_error);
    CHECK(truth);
    CHECK(assign_bool(other, true) == errc::wrong_type);
    CHECK(assign_null(truth) == errc::wrong_type);
    std::optional<int> maybe = 3;
    CHECK(assign_null(maybe) == no_error);
    CHECK(maybe == std::nullopt);
    engaged(maybe) = 4;
    CHECK(maybe == 4);
    CHECK(&engaged(maybe) == &*maybe);
    CHECK(&engaged(other) == &other);
}

TEST_CASE("has_scalar_fields sees a field that no value goes to") {
    STATIC_REQUIRE(has_scalar_fields<pair>());
    STATIC_REQUIRE_FALSE(has_scalar_fields<nested>());
}

TEST_CASE("visit_field visits one field, and none beyond the last") {
    std::vector<std::string_view> seen;
    for (const std::size_t i : {std::size_t{1}, std::size_t{0}, std::size_t{2}, std::size_t(-1)}) {
        visit_field<pair>(i, [&](const auto& field) { seen.push_back(field.name); });
    }
    CHECK(seen == std::vector<std::string_view>{"second", "first"});
}

TEST_CASE("visit_index visits the constant of every index, and none beyond the last") {
    std::vector<std::size_t> seen, expected;
    for (std::size_t i = 0; i < 30; ++i) {
        visit_index<20>(i, [&](auto constant) { seen.push_back(constant); });
        if (i < 20) expected.push_back(i);
    }
    CHECK(seen == expected);
}
