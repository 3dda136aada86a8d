#include <millrace/codec/field_set.hpp>

#include <optional>
#include <string>

#include "catch.hpp"

namespace {

struct sample {
    std::optional<int> first;
    int second = 0;
    std::optional<std::string> third;
    double fourth = 0;
};

}  // namespace

template <>
inline constexpr auto millrace::schema<sample> = millrace::fields(
    millrace::field{"first", &sample::first}, millrace::field{"second", &sample::second},
    millrace::field{"third", &sample::third}, millrace::field{"fourth", &sample::fourth});

using namespace millrace;

TEST_CASE("field_set tells the first required field that is missing") {
    detail::field_set<sample> given;
    CHECK(given.missing() == 1);
    CHECK(given.add(1));
    CHECK(given.missing() == 3);
    CHECK(given.add(0));
    CHECK(given.missing() == 3);
    CHECK(given.add(3));
    CHECK(given.missing() == 4);
}

TEST_CASE("field_set tells a field that is given twice") {
    detail::field_set<sample> given;
    for (const std::size_t index : {2u, 0u, 3u, 1u}) {
        CHECK(given.add(index));
        CHECK_FALSE(given.add(index));
    }
}

TEST_CASE("field_set empties the optional members that were not given") {
    sample event{7, 8, "nine", 10};
    detail::field_set<sample> given;
    given.add(2);
    given.reset_others(event);
    CHECK(event.first == std::nullopt);
    CHECK(event.second == 8);
    CHECK(event.third == "nine");
    CHECK(event.fourth == 10);
    given.add(0);
    given.add(1);
    given.add(3);
    event.first = 7;
    given.reset_others(event);
    CHECK(event.first == 7);
}
