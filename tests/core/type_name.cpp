#include <millrace/core/type_name.hpp>

#include <string>

#include "catch.hpp"
#include "trade.hpp"

namespace {

struct hidden {};
template <class T, int N>
struct pair_of {
    struct inner {};
};
template <class Function>
std::string_view name_of(Function) {
    return millrace::detail::type_name<Function>();
}

}  // namespace

TEST_CASE("a type is called as its program calls it, by both compilers") {
    using millrace::detail::type_name;
    struct local {};
    CHECK(type_name<trade>() == "trade");
    CHECK(type_name<hidden>() == "hidden");
    CHECK(type_name<local>() == "local");
    CHECK(type_name<pair_of<pair_of<int, 3>, 4>>() == "pair_of");
    CHECK(type_name<pair_of<hidden, '>'>::inner>() == "inner");
    CHECK(type_name<std::string>() == "basic_string");
    CHECK(type_name<double>() == "double");
    STATIC_REQUIRE(type_name<trade>() == "trade");
}

TEST_CASE("what has no name gets none") {
    CHECK(name_of([](int) { return 0; }).empty());
}
