#include <millrace/codec/skip_value.hpp>

#include <cstddef>
#include <memory>
#include <random>
#include <string>
#include <string_view>

#include "catch.hpp"
#include "naive_json.hpp"

using namespace millrace;
using namespace millrace::detail;

namespace {

constexpr skip_limits usual{64, 1024, 1024, 256};

/// How many bytes the value at the text's beginning has; 0 where it is not skipped.
std::size_t skipped(std::string_view text, const skip_limits& limits = usual) {
    const auto block = std::make_unique<char[]>(text.size() + 1);
    text.copy(block.get(), text.size());
    block[text.size()] = '\0';
    const char* const end =
        skip_value(block.get(), {block.get(), block.get() + text.size()}, limits);
    return end == nullptr ? 0 : static_cast<std::size_t>(end - block.get());
}

}  // namespace

TEST_CASE("skip_value finds where a value ends") {
    for (const std::string_view value :
         {"0", "-1.5e3", "1e400", "true", "false", "null", "\"\"", "\"abc, ]\"", "[]", "{}", "[ ]",
          "{ }", "[1,\"a\",[[]],{}]", "{\"a\":{\"b\":[{}]},\"\":null}", " [ 1 , { \"a\" : 2 } ] ",
          "[\"Z\u00FCrich\"]"}) {
        INFO(value);
        const std::string_view text = value.substr(value.find_first_not_of(' '));
        const std::size_t size = text.find_last_not_of(' ') + 1;
        for (const char* behind : {"", ",", "}", "]", " ", "\n"})
            CHECK(skipped(std::string{text} + behind) == size);
    }
}

TEST_CASE("skip_value keeps the limits") {
    CHECK(skipped("[[]]", {2, 0, 0, 0}) == 4);
    CHECK(skipped("[[]]", {1, 0, 0, 0}) == 0);
    CHECK(skipped("[]", {0, 0, 0, 0}) == 0);
    CHECK(skipped("1", {0, 0, 0, 0}) == 1);
    const std::string_view members = R"({"a":{"b":1},"c":"de"})";
    CHECK(skipped(members, {2, 3, 2, 1}) == members.size());
    CHECK(skipped(members, {2, 2, 2, 1}) == 0);
    CHECK(skipped(members, {2, 3, 1, 1}) == 0);
    CHECK(skipped(members, {2, 3, 2, 0}) == 0);
    const auto nested = [](std::size_t depth) {
        return std::string(depth, '[') + std::string(depth, ']');
    };
    CHECK(skipped(nested(64), {512, 0, 0, 0}) == 128);
    CHECK(skipped(nested(65), {512, 0, 0, 0}) == 0);
    CHECK(skipped(std::string(100'000, '[')) == 0);
}

TEST_CASE("skip_value skips what a naive validator finds valid, and nothing else") {
    static constexpr std::string_view pieces[] = {
        "{",   "}", "[",     "]",  ",",    ":",     "\"a\"", "\"", "\\n", "0",   "-1.5",
        "1e5", " ", "\"\":", "[]", "true", "false", "null",  "{}", "01",  "\x80"};
    const unsigned seed = 12;
    CAPTURE(seed);
    std::mt19937 random{seed};
    int valid = 0;
    for (int round = 0; round < 200'000; ++round) {
        std::string text = random() % 2 == 0 ? "[" : R"({"a":[1,{"b":2}],"c":)";
        for (std::size_t count = random() % 8; count > 0; --count)
            text += pieces[random() % std::size(pieces)];
        if (random() % 2 == 0) text += text[0] == '[' ? "]" : "}";
        if (text.find('\\') != std::string::npos || text.back() == ' ') continue;
        INFO(text);
        const bool is_valid = naive_json::is_valid(text);
        if (is_valid) ++valid;
        REQUIRE((skipped(text) == text.size()) == is_valid);
    }
    CHECK(valid > 5'000);
}
