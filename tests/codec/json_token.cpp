#include <millrace/codec/json_token.hpp>

#include <string>
#include <string_view>

#include "catch.hpp"

using namespace millrace::detail;

TEST_CASE("JSON has four characters of white space, and eleven that begin a number") {
    for (int byte = 0; byte < 256; ++byte) {
        const char c = static_cast<char>(byte);
        const bool is_space = std::string_view{" \t\r\n"}.find(c) != std::string_view::npos;
        const bool is_number = std::string_view{"-0123456789"}.find(c) != std::string_view::npos;
        CHECK((start_of(c) == json_start::white_space) == is_space);
        CHECK((start_of(c) == json_start::number) == is_number);
        const std::string text{c, 'x', '\0'};
        CHECK(skip_white_space(text.data()) - text.data() == (is_space ? 1 : 0));
    }
    const std::string_view text = " \t\r\n\n  x";
    CHECK(*skip_white_space(text.data()) == 'x');
}

TEST_CASE("end_of_literal takes the whole literal") {
    const std::string_view text = "true,";
    CHECK(end_of_literal(text.data(), "true") == text.data() + 4);
    CHECK(end_of_literal(text.data(), "null") == nullptr);
    CHECK(end_of_literal("tru", "true") == nullptr);
    CHECK(end_of_literal("", "true") == nullptr);
    CHECK(end_of_literal("True", "true") == nullptr);
}
