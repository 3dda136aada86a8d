#include <millrace/codec/json_members.hpp>

#include <array>
#include <random>
#include <string>
#include <string_view>

#include "catch.hpp"
#include "naive_json.hpp"

using namespace millrace;

namespace {

struct read_result {
    std::string said;
    std::error_code error;
};

read_result read(std::string text) {
    constexpr std::string_view kinds = "zbnsao";
    read_result out;
    out.error = read_json_members(std::move(text), [&](const json_member& member) {
        out.said.append(member.name).append(member.is_element ? "[]=" : "=");
        out.said += kinds[static_cast<std::size_t>(member.kind)];
        out.said.append(member.text).append(" ");
    });
    return out;
}

}  // namespace

TEST_CASE("members of an object are told in order, with their kinds") {
    const auto result = read(R"( {"a":"x","b":-1.50e+2,"c":true,"d":false,"e":null,"":""} )");
    CHECK_FALSE(result.error);
    CHECK(result.said == "a=sx b=n-1.50e+2 c=btrue d=bfalse e=znull =s ");
    CHECK(read("{}").said.empty());
    CHECK(read(R"({"a":1,"a":2})").said == "a=n1 a=n2 ");
}

TEST_CASE("elements of an array are told, and nothing nested deeper") {
    const auto result =
        read(R"({"a":["x",1,[2,"y"],{"b":3},[]],"c":{"d":4,"e":["f"]},"g":[],"h":[true]})");
    CHECK_FALSE(result.error);
    CHECK(result.said == "a=a a[]=sx a[]=n1 a[]=a a[]=o a[]=a c=o g=a h=a h[]=btrue ");
}

TEST_CASE("strings and names are unescaped") {
    const auto result = read(R"({"\u0061\n":"\"\\\u00e9\ud83d\ude00","k":["\t"]})");
    CHECK_FALSE(result.error);
    CHECK(result.said == "a\n=s\"\\\xC3\xA9\xF0\x9F\x98\x80 k=a k[]=s\t ");
}

TEST_CASE("what is no object is refused") {
    for (const auto* text : {"1", "\"a\"", "null", "true", "[]", "[{}]"}) {
        CAPTURE(text);
        CHECK(read(text).error == errc::not_an_object);
    }
    for (const auto* text : {"",
                             " ",
                             "{",
                             "}",
                             "{\"a\"}",
                             "{\"a\":}",
                             "{\"a\":1,}",
                             "{a:1}",
                             "{'a':1}",
                             "{\"a\":01}",
                             "{\"a\":1}{}",
                             "{\"a\":1} x",
                             "{\"a\":.5}",
                             "{\"a\":+1}",
                             "{\"a\":NaN}",
                             "{\"a\":\"\n\"}",
                             "{\"a\":\"\\ud800\"}",
                             "{\"\\udc00\":1}",
                             "{\"a\":\"\\x\"}",
                             "\xEF\xBB\xBF{}"}) {
        CAPTURE(text);
        CHECK(read(text).error == errc::malformed_json);
    }
    CHECK(read("{\"a\":\"\xFF\"}").error == errc::invalid_utf8);
    CHECK(read(std::string("{\"a\":1}\0", 8)).error == errc::nul_byte);
}

TEST_CASE("depth is bounded") {
    const auto nested = [](std::size_t arrays) {
        return R"({"a":)" + std::string(arrays, '[') + std::string(arrays, ']') + "}";
    };
    CHECK_FALSE(read(nested(63)).error);
    CHECK(read(nested(64)).error == errc::too_deep);
    CHECK(read("{\"a\":" + std::string(100'000, '[')).error == errc::too_deep);
}

TEST_CASE("random texts are objects exactly where RFC 8259 says so") {
    constexpr std::array<std::string_view, 20> pieces{
        "{",    "}",    "[", "]",  ":",  ",",  "\"a\"",  "\"\\u00e9\"", "1", "-0.5e3",
        "true", "null", " ", "\n", "\"", "\\", "\"b\":", "\"c\":[",     "x", "\"d\":{"};
    CAPTURE(test_seed());
    std::mt19937 random{test_seed()};
    std::uniform_int_distribution<std::size_t> piece{0, pieces.size() - 1}, count{0, 9};
    int valid = 0;
    for (int i = 0; i != 50'000; ++i) {
        std::string text = "{";
        for (std::size_t left = count(random); left != 0; --left) text += pieces[piece(random)];
        text += "}";
        CAPTURE(text);
        const bool is_valid = naive_json::is_valid(text);
        REQUIRE(!read(text).error == is_valid);
        valid += is_valid;
    }
    REQUIRE(valid > 100);
}
