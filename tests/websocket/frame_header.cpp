#include <millrace/websocket/frame_header.hpp>

#include <cstring>
#include <string>

#include "catch.hpp"
#include "stream.hpp"

using namespace millrace::websocket;
using namespace millrace::websocket::tests;

namespace {

template <role Receiver>
header_state state_of(const std::string& bytes) {
    frame_header header;
    return parse_frame_header<Receiver>(bytes.data(), bytes.size(), header);
}

}  // namespace

TEST_CASE("every pair of first bytes is judged by RFC 6455, sections 5.1, 5.2 and 5.5") {
    for (unsigned first = 0; first != 256; ++first)
        for (unsigned second = 0; second != 256; ++second) {
            const unsigned op = first & 15;
            const bool is_known = op <= 2 || (op >= 8 && op <= 10);
            const bool has_reserved_bits = (first & 0x70) != 0;
            const bool is_bad_control = op >= 8 && ((first & 0x80) == 0 || (second & 0x7f) > 125);
            const bool is_fine = is_known && !has_reserved_bits && !is_bad_control;
            const bool is_masked = (second & 0x80) != 0;
            const auto start = bytes_of({first, second});
            const bool refused_by_server = state_of<role::server>(start) == header_state::invalid;
            const bool refused_by_client = state_of<role::client>(start) == header_state::invalid;
            if (refused_by_server != !(is_fine && is_masked) ||
                refused_by_client != !(is_fine && !is_masked))
                FAIL("first bytes " << first << " " << second);
        }
}

TEST_CASE("RSV1 may stand on a message's first frame, if it may mark a compressed one") {
    for (unsigned first = 0; first != 256; ++first) {
        const auto bytes = bytes_of({first, 0x00});
        const auto state = [&](bool may_be_compressed, frame_header& header) {
            return parse_frame_header<role::client>(bytes.data(), bytes.size(), header,
                                                    may_be_compressed);
        };
        const unsigned op = first & 15;
        frame_header plain, marked;
        const bool starts_message = (op == text || op == binary) && (first & 0x30) == 0;
        if ((first & rsv1) != 0) {
            CHECK(state(false, plain) == header_state::invalid);
            CHECK((state(true, marked) == header_state::complete) == starts_message);
            CHECK(marked.is_compressed == starts_message);
        } else {
            CHECK(state(true, marked) == state(false, plain));
            CHECK_FALSE(marked.is_compressed);
        }
    }
}

TEST_CASE("lengths are read in each form and refused in a longer one than needed") {
    const auto form = [](unsigned code, std::initializer_list<unsigned> length) {
        return bytes_of({0x82, code}) + bytes_of(length);
    };
    frame_header header;
    const auto parse = [&](const std::string& bytes) {
        return parse_frame_header<role::client>(bytes.data(), bytes.size(), header);
    };

    CHECK(parse(form(125, {})) == header_state::complete);
    CHECK(header.payload_bytes == 125);
    CHECK(header.header_bytes == 2);
    CHECK(parse(form(126, {0, 125})) == header_state::invalid);
    CHECK(parse(form(126, {0, 126})) == header_state::complete);
    CHECK(header.payload_bytes == 126);
    CHECK(header.header_bytes == 4);
    CHECK(parse(form(126, {0xff, 0xff})) == header_state::complete);
    CHECK(header.payload_bytes == 0xffff);
    CHECK(parse(form(127, {0, 0, 0, 0, 0, 0, 0xff, 0xff})) == header_state::invalid);
    CHECK(parse(form(127, {0, 0, 0, 0, 0, 1, 0, 0})) == header_state::complete);
    CHECK(header.payload_bytes == 0x10000);
    CHECK(header.header_bytes == 10);
    CHECK(parse(form(127, {0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})) ==
          header_state::complete);
    CHECK(parse(form(127, {0x80, 0, 0, 0, 0, 0, 0, 0})) == header_state::invalid);
}

TEST_CASE("a header is incomplete until its last byte") {
    for (const std::string& frame : {raw_frame(0x81, "x"), raw_frame(0x81, std::string(200, 'x')),
                                     raw_frame(0x81, std::string(70000, 'x'))}) {
        frame_header header;
        REQUIRE(parse_frame_header<role::server>(frame.data(), frame.size(), header) ==
                header_state::complete);
        CHECK(std::memcmp(&header.mask, "\x37\xfa\x21\x3d", 4) == 0);
        for (std::size_t n = 0; n != header.header_bytes; ++n)
            CHECK(state_of<role::server>(frame.substr(0, n)) == header_state::incomplete);
    }
}
