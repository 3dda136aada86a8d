#include <millrace/core/projection.hpp>

#include <string>

#include <millrace/core/record.hpp>

#include "catch.hpp"

namespace {

struct point {
    double x = 0;
    std::string name;
    double twice() const { return 2 * x; }
};

}  // namespace

template <>
inline constexpr auto millrace::schema<point> =
    millrace::fields(millrace::field{"x", &point::x}, millrace::field{"label", &point::name});

using namespace millrace;

TEST_CASE("project takes members, member functions, function objects and names") {
    const point p{1.5, "p"};
    CHECK(project(&point::x, p) == 1.5);
    CHECK(project(&point::twice, p) == 3.0);
    CHECK(project([](const point& each) { return each.x + 1; }, p) == 2.5);
    CHECK(project(at<"x">, p) == 1.5);
    CHECK(project(at<"label">, p) == "p");
    CHECK(&project(at<"label">, p) == &p.name);
    CHECK(&project(&point::name, p) == &p.name);
}

TEST_CASE("at reaches the result inside a record") {
    record<int, named_value<"mean", double>> row;
    row.result.value = 4;
    row.key = 3;
    CHECK(project(at<"mean">, row) == 4.0);
    CHECK(project(at<"key">, row) == 3);
}

TEST_CASE("projections that do not fit are seen") {
    STATIC_REQUIRE(projects_number<&point::x, point>);
    STATIC_REQUIRE(projects_number<at<"x">, point>);
    STATIC_REQUIRE_FALSE(projects_number<&point::name, point>);
    STATIC_REQUIRE_FALSE(projects_number<at<"y">, point>);
    STATIC_REQUIRE_FALSE(projects_number<at<"x">, int>);
    STATIC_REQUIRE(std::same_as<projected<decltype(&point::name), point>, std::string>);
}
