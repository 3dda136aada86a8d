#include <millrace/endpoint/guards/any_of.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <millrace/endpoint/guards/address_guard.hpp>
#include <millrace/endpoint/guards/all_of.hpp>
#include <millrace/endpoint/guards/bearer_guard.hpp>

#include "catch.hpp"
#include "requests.hpp"
#include "scripted.hpp"

using namespace millrace;

static_assert(synchronous_guard<any_of<scripted, scripted>>);
static_assert(asynchronous_guard<any_of<scripted, scripted_later>>);
static_assert(!synchronous_guard<any_of<scripted, scripted_later>>);
static_assert(asynchronous_guard<all_of<any_of<scripted, scripted_later>, scripted>>);

TEST_CASE("of several guards the first pass counts, and nobody behind it is asked") {
    std::vector<std::string> asked;
    any_of guard{scripted{refusal("first"), &asked, "1"}, scripted{pass("b"), &asked, "2"},
                 scripted{pass("c"), &asked, "3"}};
    const auto verdict = guard.admit(get("/"), "");
    CHECK_FALSE(verdict.error);
    CHECK(verdict.principal == "b");
    CHECK(verdict.reason.empty());
    CHECK(asked == std::vector<std::string>{"1", "2"});
}

TEST_CASE("if every guard refuses, the last one's refusal counts") {
    any_of guard{scripted{refusal("first")}, scripted{refusal("last")}};
    const auto verdict = guard.admit(get("/"), "");
    CHECK(verdict.error == errc::forbidden);
    CHECK(verdict.reason == "last");
}

TEST_CASE("a refusal with 401 goes before others, in any order") {
    const scripted no{refusal("no")}, who{{errc::unauthorized, "who?"}};
    const scripted token{{errc::unauthorized, "token?"}};
    CHECK(any_of{no, who}.admit(get("/"), "").reason == "who?");
    CHECK(any_of{who, no}.admit(get("/"), "").reason == "who?");
    CHECK(any_of{no, who, no}.admit(get("/"), "").error == errc::unauthorized);
    CHECK(any_of{who, token, no}.admit(get("/"), "").reason == "token?");
}

TEST_CASE("from inside, or with a token") {
    any_of guard{address_guard{{.allow = {"10.0.0.0/8"}}}, bearer_guard{{{"secret", "alice"}}}};
    CHECK(guard.admit(get("/?token=secret"), "192.0.2.1").principal == "alice");
    const auto inside = guard.admit(get("/"), "10.0.0.1");
    CHECK_FALSE(inside.error);
    CHECK(inside.principal.empty());
    CHECK(guard.admit(get("/"), "192.0.2.1").error == errc::unauthorized);
}

TEST_CASE("any of guards that answer later") {
    const auto request = std::make_shared<const http::request>(get("/"));
    std::vector<std::function<void()>> answers;
    std::optional<verdict> result;
    const verdict_handler reply = [&](verdict v) {
        CHECK_FALSE(result);
        result = std::move(v);
    };

    SECTION("who passes at once spares the others the question") {
        any_of{scripted_later{pass("later"), &answers}, scripted{pass("now")}}.admit(request, "",
                                                                                     reply);
        REQUIRE(result);
        CHECK(result->principal == "now");
        CHECK(answers.empty());
    }
    SECTION("the first pass to arrive counts, and it replies once") {
        any_of{scripted_later{pass("one"), &answers}, scripted_later{pass("two"), &answers},
               scripted{refusal("now")}}
            .admit(request, "", reply);
        REQUIRE(answers.size() == 2);
        CHECK_FALSE(result);
        answers[1]();
        REQUIRE(result);
        CHECK(result->principal == "two");
        answers[0]();
        CHECK(result->principal == "two");
    }
    SECTION("the refusal of the last guard counts, whenever it arrives") {
        any_of{scripted_later{refusal("one"), &answers}, scripted_later{refusal("two"), &answers}}
            .admit(request, "", reply);
        REQUIRE(answers.size() == 2);
        answers[1]();
        CHECK_FALSE(result);
        answers[0]();
        REQUIRE(result);
        CHECK(result->reason == "two");
    }
    SECTION("but for one with 401") {
        any_of{scripted_later{{errc::unauthorized, "who?"}, &answers},
               scripted_later{refusal("two"), &answers}}
            .admit(request, "", reply);
        for (const std::size_t i : {1u, 0u}) answers[i]();
        REQUIRE(result);
        CHECK(result->reason == "who?");
    }
}
