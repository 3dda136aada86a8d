#include <millrace/endpoint/guards/jwt_claims.hpp>

#include <optional>
#include <string>
#include <vector>

#include "catch.hpp"

using namespace millrace;

TEST_CASE("claims are read by their registered names, and others are ignored") {
    const auto claims = jwt_claims::parse(
        R"({"iss":"joe","sub":"alice","aud":"prices","exp":1300819380,"nbf":1.3e9,"iat":1,
            "jti":"x","scope":["a","b"],"iss2":5,"nested":{"iss":1,"exp":"never"}})");
    REQUIRE(claims);
    CHECK(claims->issuer == "joe");
    CHECK(claims->subject == "alice");
    CHECK(claims->audience == std::vector<std::string>{"prices"});
    CHECK(claims->expires == 1300819380);
    CHECK(claims->not_before == 1.3e9);
}

TEST_CASE("claims may be absent") {
    const auto claims = jwt_claims::parse("{}");
    REQUIRE(claims);
    CHECK_FALSE(claims->issuer);
    CHECK_FALSE(claims->subject);
    CHECK_FALSE(claims->audience);
    CHECK_FALSE(claims->expires);
    CHECK_FALSE(claims->not_before);
}

TEST_CASE("an audience is one or several") {
    const auto audience = [](const char* json) { return jwt_claims::parse(json).value().audience; };
    CHECK(audience(R"({"aud":["a","b"]})") == std::vector<std::string>{"a", "b"});
    CHECK(audience(R"({"aud":[]})") == std::vector<std::string>{});
    CHECK(audience(R"({"aud":""})") == std::vector<std::string>{""});
}

TEST_CASE("claims of a wrong type, given twice or in no object are refused") {
    for (const auto* json : {"",
                             "[]",
                             "\"iss\"",
                             "{",
                             "{\"sub\":\"a\"}x",
                             R"({"iss":1})",
                             R"({"iss":null})",
                             R"({"iss":["a"]})",
                             R"({"sub":{}})",
                             R"({"sub":true})",
                             R"({"exp":"1300819380"})",
                             R"({"exp":null})",
                             R"({"exp":[1]})",
                             R"({"exp":1e999})",
                             R"({"nbf":false})",
                             R"({"aud":1})",
                             R"({"aud":["a",1]})",
                             R"({"aud":[["a"]]})",
                             R"({"aud":{"a":"b"}})",
                             R"({"aud":null})",
                             R"({"iss":"a","iss":"a"})",
                             R"({"exp":1,"sub":"a","exp":1})",
                             R"({"aud":"a","aud":["b"]})",
                             R"({"aud":["a"],"aud":"b"})",
                             R"({"aud":["a"],"aud":["b"]})"}) {
        CAPTURE(json);
        CHECK_FALSE(jwt_claims::parse(json).has_value());
    }
}

TEST_CASE("claims with control characters are refused, in names and texts") {
    for (const auto* json :
         {R"({"sub":"alice\n"})", R"({"sub":"alice\r\nadmin"})", R"({"sub":"\u0000"})",
          R"({"sub":"a\u001bb"})", R"({"sub":"\u007f"})", "{\"sub\":\"a\x7f\"}",
          R"({"sub":"\u0085"})", "{\"sub\":\"\xc2\x9f\"}", R"({"iss":"\t"})",
          R"({"aud":["a","b\n"]})", R"({"aud":"b\n"})", R"({"name":"x\ny"})", R"({"a\nb":1})"}) {
        CAPTURE(json);
        CHECK_FALSE(jwt_claims::parse(json));
    }
    CHECK(jwt_claims::parse(R"({"sub":"Zo\u00eb \u00a0"})"));
    CHECK(jwt_claims::parse("{\"sub\":\"\xc3\x85\xe2\x82\xac\"}"));
}
