#include <millrace/analyzers/number.hpp>

#include <cstdint>
#include <string>

#include "catch.hpp"

using namespace millrace;

namespace {

struct sample {
    std::int64_t count;
    float value;
    std::string name;
};

constexpr auto doubled = [](const sample& s) { return 2 * s.value; };

}  // namespace

template <>
inline constexpr auto millrace::schema<sample> = fields(field{"count", &sample::count},
                                                        field{"value", &sample::value});

TEST_CASE("a projection gives its number as a double") {
    const sample s{-7, 0.5F, "x"};
    CHECK(detail::number<&sample::count>(s) == -7.0);
    CHECK(detail::number<&sample::value>(s) == 0.5);
    CHECK(detail::number<at<"count">>(s) == -7.0);
    CHECK(detail::number<doubled>(s) == 1.0);
    STATIC_REQUIRE(std::same_as<decltype(detail::number<&sample::count>(s)), double>);
}

TEST_CASE("an integer is exact up to 2^53 and rounded beyond") {
    const std::int64_t limit = std::int64_t{1} << 53;
    CHECK(detail::number<&sample::count>(sample{limit - 1, 0, ""}) == 9007199254740991.0);
    CHECK(detail::number<&sample::count>(sample{limit + 1, 0, ""}) == 9007199254740992.0);
}

TEST_CASE("what reads a member throws nothing") {
    STATIC_REQUIRE(detail::projects_nothrow<sample, &sample::count, at<"value">>);
    STATIC_REQUIRE_FALSE(detail::projects_nothrow<sample, &sample::count, doubled>);
}

TEST_CASE("what is no number is none") {
    STATIC_REQUIRE(projects_number<&sample::count, sample>);
    STATIC_REQUIRE_FALSE(projects_number<&sample::name, sample>);
    STATIC_REQUIRE_FALSE(projects_number<at<"missing">, sample>);
    STATIC_REQUIRE(projects_numbers<sample, &sample::count, &sample::value>);
    STATIC_REQUIRE_FALSE(projects_numbers<sample, &sample::count, &sample::name>);
}
