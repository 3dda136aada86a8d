#include <millrace/endpoint/guards/bearer_guard.hpp>

#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>

#include "catch.hpp"
#include "requests.hpp"

using namespace millrace;

static_assert(synchronous_guard<bearer_guard>);

TEST_CASE("a bearer guard knows the principal of each token") {
    bearer_guard guard = {{{"secret-1", "alice"}, {"secret-2", "bob"}, {"nobody's"}}};
    const auto shows = [&](std::string_view target) {
        return guard.admit(get(target), "").principal;
    };
    CHECK(shows("/?token=secret-1") == "alice");
    CHECK(shows("/?token=secret-2") == "bob");

    const auto of_header = guard.admit(get("/", {"Authorization: Bearer secret-2"}), "");
    CHECK_FALSE(of_header.error);
    CHECK(of_header.principal == "bob");

    const auto anonymous = guard.admit(get("/?token=nobody%27s"), "");
    CHECK_FALSE(anonymous.error);
    CHECK(anonymous.principal.empty());
}

TEST_CASE("a bearer guard refuses every other token") {
    bearer_guard guard{{{"secret-1", "alice"}, {"secret-2", "bob"}}};
    for (const auto* target :
         {"/", "/?token=", "/?token=secret", "/?token=secret-", "/?token=secret-3",
          "/?token=Secret-1", "/?token=secret-11", "/?token=secret-1secret-2", "/?token=alice",
          "/?token=%20secret-1"}) {
        CAPTURE(target);
        const auto verdict = guard.admit(get(target), "");
        CHECK(verdict.error == errc::unauthorized);
        CHECK(verdict.principal.empty());
        CHECK_FALSE(verdict.reason.empty());
    }
    CHECK(guard.admit(get("/?token=secret-1", {"Authorization: Bearer wrong"}), "").error ==
          errc::unauthorized);
    CHECK(bearer_guard{std::vector<known_token>{}}.admit(get("/?token=x"), "").error ==
          errc::unauthorized);
}

TEST_CASE("a bearer guard asks a look-up of the user's own") {
    std::string asked;
    bearer_guard guard{[&](std::string_view token) -> std::optional<std::string> {
        asked = token;
        if (token == "good") return "carol";
        return std::nullopt;
    }};
    CHECK(guard.admit(get("/?token=good"), "").principal == "carol");
    CHECK(guard.admit(get("/?token=bad"), "").error == errc::unauthorized);
    CHECK(asked == "bad");
    asked = "nothing";
    CHECK(guard.admit(get("/?token="), "").error == errc::unauthorized);
    CHECK(asked == "nothing");
}

TEST_CASE("a bearer guard takes no empty token") {
    REQUIRE_THROWS_AS((bearer_guard{{{"good", "a"}, {"", "b"}}}), std::invalid_argument);
}

TEST_CASE("the comparison in constant time says what == says") {
    CAPTURE(test_seed());
    std::mt19937 random{test_seed()};
    std::uniform_int_distribution<int> size{0, 3}, letter{-1, 1};
    const auto draw = [&] {
        std::string text(static_cast<std::size_t>(size(random)), '\0');
        for (char& c : text) c = static_cast<char>(letter(random));
        return text;
    };
    int equal = 0;
    for (int i = 0; i != 5000; ++i) {
        const auto a = draw(), b = draw();
        REQUIRE(equal_in_constant_time(a, b) == (a == b));
        equal += a == b;
    }
    REQUIRE(equal > 100);
}
