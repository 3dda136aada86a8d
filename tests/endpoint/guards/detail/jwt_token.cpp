#include <millrace/endpoint/guards/detail/jwt_token.hpp>

#include <optional>
#include <string>

#include "../base64url.hpp"
#include "catch.hpp"

using millrace::detail::jwt_token;

namespace {

std::string token_of(std::string_view header) {
    return encode_base64url(header) + "." + encode_base64url("{}") + "." + encode_base64url("sig");
}

}  // namespace

TEST_CASE("a token is a header, claims and a signature") {
    const std::string text = token_of(R"({"typ":"JWT","alg":"HS256","kid":"k1","x":{"crit":1}})");
    const auto token = jwt_token::parse(text);
    REQUIRE(token);
    CHECK(token->algorithm == "HS256");
    CHECK(token->key_id == "k1");
    CHECK(token->claims == "{}");
    CHECK(token->signature == "sig");
    CHECK(std::string{token->signed_text} + ".c2ln" == text);

    CHECK_FALSE(jwt_token::parse(token_of(R"({"alg":"none"})"))->key_id);
    CHECK(jwt_token::parse(encode_base64url(R"({"alg":"none"})") + "..")->signature.empty());
}

TEST_CASE("what has not three parts in base64url is no token") {
    const std::string header = encode_base64url(R"({"alg":"HS256"})");
    REQUIRE(jwt_token::parse(header + ".e30.c2ln"));
    for (const std::string& text :
         {std::string{}, std::string{"."}, std::string{".."}, header, header + ".e30",
          header + "..e30.c2ln", header + ".e30.c2ln.", header + ".e30.c2ln.c2ln",
          "." + header + ".e30.c2ln", header + ".e30=.c2ln",
          header + ".e30.c2ln=", header + ".e31.c2ln", header + ".e30.c2l", header + ".e3 0.c2ln",
          header + ".e30.c2ln\n", std::string{"{}.e30.c2ln"}}) {
        CAPTURE(text);
        CHECK_FALSE(jwt_token::parse(text).has_value());
    }
}

TEST_CASE("a header must be an object with an alg, and without a crit") {
    for (const auto* header :
         {"", "{}", "[]", "null", "{\"alg\":\"HS256\"", "{\"alg\":\"HS256\"}}", R"({"alg":null})",
          R"({"alg":["HS256"]})", R"({"alg":256})", R"({"ALG":"HS256"})",
          R"({"alg":"none","alg":"HS256"})", R"({"alg":"HS256","kid":1})",
          R"({"alg":"HS256","kid":"a","kid":"b"})", R"({"alg":"HS256","crit":["exp"],"exp":1})",
          R"({"alg":"HS256","crit":[]})", R"({"alg":"HS256","b64":false,"crit":["b64"]})"}) {
        CAPTURE(header);
        CHECK_FALSE(jwt_token::parse(token_of(header)).has_value());
    }
}
