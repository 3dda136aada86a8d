#include <millrace/codec/detail/error_reply.hpp>

#include <millrace/core/error.hpp>

#include "catch.hpp"

using namespace millrace;

namespace {

std::string reply(const input_error& error) {
    std::string out;
    detail::append_error_reply(out, error);
    return out;
}

}  // namespace

TEST_CASE("the sender is told which event, why, which field and where") {
    REQUIRE(reply({3, make_error_code(errc::missing_field), "value", 17}) ==
            R"({"error":{"index":3,"code":"missing field","field":"value","offset":17}})");
    REQUIRE(reply({0, make_error_code(errc::malformed_json), "", 0}) ==
            R"({"error":{"index":0,"code":"malformed JSON","offset":0}})");
}

TEST_CASE("the sender is told how much of the message was given up") {
    REQUIRE(reply({2, make_error_code(errc::malformed_json), "", 10, 25}) ==
            R"({"error":{"index":2,"code":"malformed JSON","offset":10,"unread_bytes":25}})");
}

TEST_CASE("a field's name is escaped") {
    REQUIRE(reply({0, make_error_code(errc::wrong_type), "a\"b\\c\n\x1f", 1}) ==
            R"({"error":{"index":0,"code":"wrong type","field":"a\"b\\c\n\u001f","offset":1}})");
}
