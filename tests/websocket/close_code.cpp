#include <millrace/websocket/close_code.hpp>

#include <set>
#include <system_error>

#include "catch.hpp"

using namespace millrace;
using namespace millrace::websocket;

TEST_CASE("the codes that may be sent are those of RFC 6455, section 7.4 and IANA's registry") {
    const std::set<int> registered{1000, 1001, 1002, 1003, 1007, 1008,
                                   1009, 1010, 1011, 1012, 1013, 1014};
    for (int code = 0; code <= 0xffff; ++code) {
        const bool expected = registered.count(code) == 1 || (code >= 3000 && code <= 4999);
        if (may_be_sent(static_cast<close_code>(code)) != expected) FAIL("close code " << code);
    }
}

TEST_CASE("errors have their close codes") {
    CHECK(close_code_of({}) == close_code::normal);
    CHECK(close_code_of(errc::protocol_error) == close_code{1002});
    CHECK(close_code_of(errc::unsupported_data) == close_code{1003});
    CHECK(close_code_of(errc::invalid_utf8) == close_code{1007});
    CHECK(close_code_of(errc::forbidden) == close_code{1008});
    CHECK(close_code_of(errc::message_too_big) == close_code{1009});
    CHECK(close_code_of(errc::handler_failed) == close_code{1011});
    CHECK(close_code_of(errc::try_again_later) == close_code{1013});
    CHECK(close_code_of(errc::storage_full) == close_code{1011});
    CHECK(close_code_of(std::make_error_code(std::errc::io_error)) == close_code{1011});
}
