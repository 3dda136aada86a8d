#include <millrace/endpoint/guards/bearer_token.hpp>

#include <optional>

#include "catch.hpp"
#include "requests.hpp"

using namespace millrace;

TEST_CASE("a token comes from the Authorization header") {
    CHECK(bearer_token(get("/", {"Authorization: Bearer abc.DEF-1"})) == "abc.DEF-1");
    CHECK(bearer_token(get("/", {"authorization:   bearer   abc  "})) == "abc");
    CHECK(bearer_token(get("/", {"Authorization: Bearer"})) == "");
}

TEST_CASE("a token comes from the query where no header has one") {
    CHECK(bearer_token(get("/ws?key=1&token=a%2Fb")) == "a/b");
    CHECK(bearer_token(get("/ws?token=q", {"Authorization: Basic dTpw"})) == "q");
    CHECK(bearer_token(get("/ws?token=q", {"Authorization: Bearer h"})) == "h");
    CHECK(bearer_token(get("/ws?token=")) == "");
}

TEST_CASE("a request may have no token") {
    CHECK(bearer_token(get("/ws?tokens=q")) == std::nullopt);
    CHECK(bearer_token(get("/ws", {"Authorization: Basic dTpw"})) == std::nullopt);
    CHECK(bearer_token(get("/ws", {"Authorization: Bearerabc"})) == std::nullopt);
    CHECK(bearer_token(get("/ws", {"X-Authorization: Bearer abc"})) == std::nullopt);
}
