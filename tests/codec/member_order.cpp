#include <millrace/codec/member_order.hpp>

#include <string>
#include <string_view>

#include "catch.hpp"

using namespace millrace::detail;

namespace {

/// What is left of the text behind what was learned, or "no".
std::string behind(const expected_member& member, const std::string& text) {
    const char* const at = member.match(text.data(), {text.data(), text.data() + text.size()});
    return at == nullptr ? "no" : at;
}

void learn(expected_member& member, std::string_view text, std::size_t field) {
    member.learn(text.data(), text.data() + text.size(), field);
}

}  // namespace

TEST_CASE("expected_member recognises what it learned, and only the whole of it") {
    for (std::size_t size = 4; size <= 32; ++size) {
        expected_member member;
        const std::string text = ",\"" + std::string(size - 4, 'n') + "\":";
        learn(member, text, size);
        const std::string whole = text + "1234567890123456789012345678901";
        CHECK(behind(member, whole) == whole.substr(size));
        CHECK(member.field() == size);
        for (std::size_t at = 0; at < size; ++at) {
            std::string other = whole;
            other[at] = static_cast<char>(other[at] ^ 1);
            CHECK(behind(member, other) == "no");
        }
        learn(member, "\"m\" : ", 7);
        CHECK(behind(member, whole) == "no");
        CHECK(behind(member, "\"m\" : 12345678901234") == "12345678901234");
        CHECK(member.field() == 7);
    }
}

TEST_CASE("expected_member matches nothing before it has learned, nor what is too long") {
    expected_member member;
    CHECK(behind(member, std::string(40, '\0')) == "no");
    CHECK(behind(member, std::string(40, '"')) == "no");
    const std::string longer = ",\"" + std::string(29, 'n') + "\":";
    REQUIRE(longer.size() == 33);
    learn(member, longer, 1);
    CHECK(behind(member, longer + longer) == "no");
}

TEST_CASE("expected_member reads nothing behind the text's end") {
    expected_member shorter, longer;
    learn(shorter, "\"a\":", 1);
    learn(longer, ",\"twenty_five_bytes_long\":", 2);
    CHECK(behind(shorter, "\"a\":12345678901") == "12345678901");
    CHECK(behind(shorter, "\"a\":1234567890") == "no");
    CHECK(behind(longer, ",\"twenty_five_bytes_long\":12345") == "12345");
    CHECK(behind(longer, ",\"twenty_five_bytes_long\":1234") == "no");
}

TEST_CASE("member_order has a member for each of sixteen positions, and one for all behind them") {
    member_order order;
    CHECK(order.end() - order.begin() == 16);
    learn(order.begin()[15], ",\"a\":", 3);
    CHECK(behind(order.begin()[15], ",\"a\":1234567890123456") == "1234567890123456");
    CHECK(behind(*order.end(), ",\"a\":1234567890123456") == "no");
}
