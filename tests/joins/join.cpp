#include <millrace/joins/join.hpp>

#include <type_traits>

#include "catch.hpp"

using namespace millrace;

namespace {

struct left {
    int value;
};
struct right {
    int value;
};

constexpr left one{1};
constexpr right two{2};
constexpr const left* no_left = nullptr;
constexpr const right* no_right = nullptr;

}  // namespace

TEST_CASE("a join's function takes a pointer for what may be missing") {
    using detail::join_call;
    const auto pair = [](const left& l, const right& r) { return 10 * l.value + r.value; };
    CHECK(join_call<inner_join_t>(pair, &one, &two) == 12);
    const auto of_left = [](const left& l, const right* r) { return r ? r->value : -l.value; };
    CHECK(join_call<left_join_t>(of_left, &one, &two) == 2);
    CHECK(join_call<left_join_t>(of_left, &one, no_right) == -1);
    const auto of_right = [](const left* l, const right& r) { return l ? l->value : -r.value; };
    CHECK(join_call<right_join_t>(of_right, &one, &two) == 1);
    CHECK(join_call<right_join_t>(of_right, no_left, &two) == -2);
    const auto of_both = [](const left* l, const right* r) {
        return int{l != nullptr} + 2 * (r != nullptr);
    };
    CHECK(join_call<full_join_t>(of_both, &one, no_right) == 1);
    CHECK(join_call<full_join_t>(of_both, no_left, &two) == 2);

    using detail::join_function;
    STATIC_REQUIRE(join_function<decltype(pair), inner_join_t, left, right>);
    STATIC_REQUIRE_FALSE(join_function<decltype(pair), left_join_t, left, right>);
    STATIC_REQUIRE_FALSE(join_function<decltype(of_left), full_join_t, left, right>);
    const auto says_nothing = [](const left&, const right&) {};
    STATIC_REQUIRE_FALSE(join_function<decltype(says_nothing), inner_join_t, left, right>);
    STATIC_REQUIRE(
        std::same_as<detail::joined_event<inner_join_t, decltype(pair), left, right>, int>);
}

TEST_CASE("a join keeps the sides that its name says") {
    STATIC_REQUIRE((!inner_join.keeps_left && !inner_join.keeps_right));
    STATIC_REQUIRE((left_join.keeps_left && !left_join.keeps_right));
    STATIC_REQUIRE((!right_join.keeps_left && right_join.keeps_right));
    STATIC_REQUIRE((full_join.keeps_left && full_join.keeps_right));
    STATIC_REQUIRE_FALSE(join_kind<int>);
    const auto late = late_to("a", "b");
    CHECK(late.left + late.right == "ab");
}
