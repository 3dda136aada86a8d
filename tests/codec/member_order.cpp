#include <millrace/codec/member_order.hpp>

#include <string>
#include <string_view>

#include "catch.hpp"

using namespace millrace::detail;

namespace {

/// What is left of the text behind what is learned for the position, or "no".
std::string behind(const member_order& order, std::size_t position, const std::string& text,
                   std::size_t expected_field) {
    std::size_t field = 0;
    const char* const at =
        order.match(position, text.data(), {text.data(), text.data() + text.size()}, field);
    if (at == nullptr) return "no";
    CHECK(field == expected_field);
    return at;
}

void learn(member_order& order, std::size_t position, std::string_view text, std::size_t field) {
    order.learn(position, text.data(), text.data() + text.size(), field);
}

}  // namespace

TEST_CASE("member_order recognises what it learned, whole and at its position") {
    for (std::size_t size = 4; size <= 32; ++size) {
        member_order order;
        const std::string text = ",\"" + std::string(size - 4, 'n') + "\":";
        learn(order, 3, text, size);
        const std::string whole = text + "1234567890123456789012345678901";
        CHECK(behind(order, 3, whole, size) == whole.substr(size));
        CHECK(behind(order, 2, whole, size) == "no");
        for (std::size_t at = 0; at < size; ++at) {
            std::string other = whole;
            other[at] = static_cast<char>(other[at] ^ 1);
            CHECK(behind(order, 3, other, size) == "no");
        }
        learn(order, 3, "\"m\" : ", 7);
        CHECK(behind(order, 3, whole, size) == "no");
        CHECK(behind(order, 3, "\"m\" : 12345678901234", 7) == "12345678901234");
    }
}

TEST_CASE("member_order reads nothing behind the text's end") {
    member_order order;
    learn(order, 0, "\"a\":", 1);
    learn(order, 1, ",\"twenty_five_bytes_long\":", 2);
    CHECK(behind(order, 0, "\"a\":12345678901", 1) == "12345678901");
    CHECK(behind(order, 0, "\"a\":1234567890", 1) == "no");
    CHECK(behind(order, 1, ",\"twenty_five_bytes_long\":12345", 2) == "12345");
    CHECK(behind(order, 1, ",\"twenty_five_bytes_long\":1234", 2) == "no");
}

TEST_CASE("member_order keeps neither what is too long nor more than sixteen positions") {
    member_order order;
    const std::string longer = ",\"" + std::string(29, 'n') + "\":";
    REQUIRE(longer.size() == 33);
    learn(order, 0, longer, 1);
    CHECK(behind(order, 0, longer + longer, 1) == "no");
    learn(order, 16, ",\"a\":", 1);
    CHECK(behind(order, 16, ",\"a\":1234567890123456", 1) == "no");
    CHECK(behind(order, 5, std::string(40, '\0'), 1) == "no");
}
