#include <millrace/websocket/frame_writer.hpp>

#include <cstring>
#include <string>

#include "catch.hpp"
#include "stream.hpp"

using namespace millrace::websocket;
using namespace millrace::websocket::tests;

namespace {

std::uint32_t mask_of(const char (&bytes)[5]) {
    std::uint32_t mask;
    std::memcpy(&mask, bytes, 4);
    return mask;
}

}  // namespace

TEST_CASE("the frames of RFC 6455, section 5.7, byte for byte") {
    std::string out;

    SECTION("a single-frame unmasked text message") {
        append_frame(out, opcode::text, "Hello");
        CHECK(out == bytes_of({0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f}));
    }
    SECTION("a single-frame masked text message") {
        append_masked_frame(out, opcode::text, "Hello", mask_of("\x37\xfa\x21\x3d"));
        CHECK(out == bytes_of({0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58}));
    }
    SECTION("a fragmented unmasked text message") {
        append_frame(out, opcode::text, "Hel", false);
        append_frame(out, opcode::continuation, "lo");
        CHECK(out == bytes_of({0x01, 0x03, 0x48, 0x65, 0x6c}) + bytes_of({0x80, 0x02, 0x6c, 0x6f}));
    }
    SECTION("unmasked ping and masked pong") {
        append_frame(out, opcode::ping, "Hello");
        append_masked_frame(out, opcode::pong, "Hello", mask_of("\x37\xfa\x21\x3d"));
        CHECK(out ==
              bytes_of({0x89, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f}) +
                  bytes_of({0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58}));
    }
    SECTION("256 bytes of binary") {
        append_frame(out, opcode::binary, std::string(256, 'b'));
        CHECK(out == bytes_of({0x82, 0x7e, 0x01, 0x00}) + std::string(256, 'b'));
    }
    SECTION("64 KiB of binary") {
        append_frame(out, opcode::binary, std::string(65536, 'b'));
        CHECK(out == bytes_of({0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0}) + std::string(65536, 'b'));
    }
}

TEST_CASE("a header takes 2, 4 or 10 bytes, and 4 more with a mask") {
    char out[max_frame_header_bytes];
    CHECK(write_frame_header(out, opcode::text, 125) == 2);
    CHECK(write_frame_header(out, opcode::text, 126) == 4);
    CHECK(write_frame_header(out, opcode::text, 65535) == 4);
    CHECK(write_frame_header(out, opcode::text, 65536) == 10);
    CHECK(write_masked_frame_header(out, opcode::text, 65536, 1) == 14);
}

TEST_CASE("a close frame carries its code and a reason that fits") {
    std::string out;
    append_close(out, close_code::message_too_big, "too big");
    CHECK(out == bytes_of({0x88, 9, 0x03, 0xf1}) + "too big");

    SECTION("without a code there is no payload") {
        for (const auto code : {close_code::no_status, close_code::abnormal, close_code{0}})
            CHECK(close_payload(code, "reason").empty());
    }
    SECTION("a long reason is cut between two characters") {
        const std::string euro = "\xe2\x82\xac";
        std::string reason = "ab";
        for (int i = 0; i != 50; ++i) reason += euro;
        const auto payload = close_payload(close_code::normal, reason);
        CHECK(payload.size() == 2 + 2 + 40 * 3);
        CHECK(millrace::is_valid_utf8(std::string_view{payload}.substr(2)));
    }
    SECTION("a reason that is not UTF-8 is left out") {
        CHECK(close_payload(close_code::normal, "\xff") == bytes_of({0x03, 0xe8}));
    }
}

TEST_CASE("RSV1 marks a compressed message (RFC 7692, section 7.2.3.1)") {
    const auto hello = bytes_of({0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00});
    std::string out;
    append_frame(out, opcode::text, hello, true, true);
    CHECK(out == bytes_of({0xc1, 0x07}) + hello);
    out.clear();
    append_masked_frame(out, opcode::binary, hello, 0, false, true);
    CHECK(out == bytes_of({0x42, 0x87, 0, 0, 0, 0}) + hello);
}
