#include <millrace/core/key_part.hpp>

#include <string>
#include <string_view>

#include <millrace/core/key.hpp>

#include "catch.hpp"
#include "counted_new.hpp"

using namespace millrace;
using namespace millrace::detail;

namespace {

struct fill {
    std::string venue;
    std::string_view symbol;
    int lot = 0, leg = 0;
};

const auto by_venue_and_symbol =
    projection_of(as_key_part(&fill::venue), as_key_part(&fill::symbol), as_key_part(&fill::lot));

}  // namespace

template <>
inline constexpr auto millrace::schema<fill> =
    millrace::fields(millrace::field{"mic", &fill::venue}, millrace::field{"symbol", &fill::symbol},
                     millrace::field{"lot", &fill::lot});

TEST_CASE("a part that is a member is called as its schema says") {
    CHECK(as_key_part(&fill::venue).name == "mic");
    CHECK(as_key_part(&fill::symbol).name == "symbol");
    CHECK(as_key_part(&fill::leg).name == "key");
    CHECK(as_key_part(key_part{"other", &fill::venue}).name == "other");
}

TEST_CASE("text that an event holds is seen and not copied; a key that is kept owns it") {
    const std::string long_name(40, 'x');
    const fill one{long_name, long_name, 7, 8};
    const std::size_t before = allocation_count;
    const auto key = project(by_venue_and_symbol, one);
    CHECK(allocation_count == before);
    CHECK(std::get<0>(key.parts).data() == one.venue.data());
    CHECK(std::get<1>(key.parts).data() == long_name.data());
    CHECK(std::get<2>(key.parts) == 7);

    struct by {
        std::remove_const_t<decltype(by_venue_and_symbol)> projection;
    };
    STATIC_REQUIRE(std::same_as<std::remove_cvref_t<decltype(key)>,
                                composite_key<std::string_view, std::string_view, int>>);
    STATIC_REQUIRE(std::same_as<key_of<by, fill>, composite_key<std::string, std::string, int>>);
}

TEST_CASE("text that a part computes is kept until the key is read") {
    const auto by =
        projection_of(key_part{"double", [](const fill& f) { return f.venue + f.venue; }},
                      as_key_part(&fill::lot));
    const auto key = project(by, fill{std::string(40, 'y'), "", 1, 2});
    CHECK(std::get<0>(key.parts) == std::string(80, 'y'));
}

TEST_CASE("projections are the same where their members are") {
    const auto both = [](auto a, auto b) { return projection_of(as_key_part(a), as_key_part(b)); };
    CHECK(both(&fill::lot, &fill::leg) == both(&fill::lot, &fill::leg));
    CHECK(both(&fill::lot, &fill::leg) != both(&fill::leg, &fill::lot));
    const key_part parity{"parity", [](const fill& f) { return f.lot % 2; }};
    CHECK(both(parity, &fill::leg) == both(parity, &fill::leg));
    CHECK(both(parity, &fill::leg) != both(parity, &fill::lot));
}

TEST_CASE("of one part the key is that part") {
    CHECK(projection_of(as_key_part(&fill::lot)) == &fill::lot);
}

TEST_CASE("what makes a key is of text, integers and enumerations alone") {
    const auto by = []<class Part>(Part) {
        return projection_of(as_key_part(&fill::lot),
                             key_part{"part", [](const fill&) { return Part{}; }});
    };
    STATIC_REQUIRE(gives_key<decltype(by(1)), fill>);
    STATIC_REQUIRE_FALSE(gives_key<decltype(by(1.0)), fill>);
    STATIC_REQUIRE_FALSE(gives_key<decltype(by(1)), int>);
}

TEST_CASE("the parts' names are written as a key is, and differ") {
    CHECK(name_of_parts({"venue", "symbol"}) == "venue/symbol");
    CHECK(name_of_parts({"a/b", "c~"}) == "a~1b/c~0");
    CHECK(name_of_parts({"one"}) == "one");
    CHECK_THROWS_WITH(name_of_parts({"a", "b", "a"}),
                      Catch::Contains("two parts of the key are called \"a\"; give one a name"));
}
