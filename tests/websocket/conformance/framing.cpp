// RFC 6455, sections 5.1 to 5.7: frames, fragments, pings; the public suites' cases 1 to 5.

#include <millrace/websocket/protocol.hpp>

#include <string>
#include <vector>

#include "../every_split.hpp"

using namespace millrace;
using namespace millrace::websocket;
using namespace millrace::websocket::tests;

namespace {

const std::string hello = raw_frame(fin | text, "Hello");

struct stream_case {
    std::string stream;
    transcript expected;
};

void expect_all(const std::vector<stream_case>& cases) {
    for (const auto& [stream, expected] : cases) {
        expect(stream, expected);
        CAPTURE(expected);
        // A message before and, unless it failed, one behind change nothing.
        auto around = expected;
        around.insert(around.begin(), "text:Hello");
        if (expected.empty() || !expected.back().starts_with("error"))
            around.push_back("text:Hello");
        CHECK(read_chunks(hello + stream + hello, {}) == around);
    }
}

}  // namespace

TEST_CASE("the messages of RFC 6455, section 5.7") {
    expect<role::client>(bytes_of({0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f}), {"text:Hello"});
    expect(bytes_of({0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58}),
           {"text:Hello"});
    expect<role::client>(bytes_of({0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f}),
                         {"text:Hello"});
    expect<role::client>(bytes_of({0x89, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f}), {"ping:Hello"});
    expect(bytes_of({0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58}),
           {"pong:Hello"});
    const std::string small(256, 'b'), large(65536, 'b');
    expect<role::client>(bytes_of({0x82, 0x7e, 0x01, 0x00}) + small, {"binary:" + small});
    CHECK(read_chunks<role::client>(bytes_of({0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0}) + large,
                                    every(997, large.size())) == transcript{"binary:" + large});
}

TEST_CASE("1: messages of every length class keep their kind and bytes") {
    for (const std::size_t size : {0u, 1u, 125u, 126u, 127u, 128u, 300u}) {
        const std::string letters(size, '*'), bytes(size, '\xfe');
        expect_all({{raw_frame(fin | text, letters), {"text:" + letters}},
                    {raw_frame(fin | binary, bytes), {"binary:" + bytes}}});
    }
    for (const std::size_t size : {65535u, 65536u, 65537u}) {
        const std::string letters(size, '*');
        const std::string stream = raw_frame(fin | text, letters) + hello;
        for (const std::size_t step : {std::size_t{997}, size, 2 * size})
            CHECK(read_chunks(stream, every(step, stream.size())) ==
                  transcript{"text:" + letters, "text:Hello"});
    }
}

TEST_CASE("1: lengths take their shortest form, below 2^63") {
    expect_all({{raw_frame(fin | text, "abc", true, 2), {protocol_failure}},
                {raw_frame(fin | text, "abc", true, 8), {protocol_failure}},
                {raw_frame(fin | text, std::string(125, 'a'), true, 2), {protocol_failure}},
                {raw_frame(fin | text, std::string(126, 'a'), true, 8), {protocol_failure}},
                {raw_frame(text, "") + raw_frame(fin, "abc", true, 2), {protocol_failure}},
                {huge_header(fin | binary, ~std::uint64_t{0}), {protocol_failure}},
                {raw_frame(text, "a") + huge_header(fin, ~std::uint64_t{0}), {protocol_failure}}});
}

TEST_CASE("frames from a client are masked, frames from a server are not (section 5.1)") {
    for (const unsigned op : {text, binary, ping, pong, close_op}) {
        expect_all({{raw_frame(fin | op, "ab", false), {protocol_failure}}});
        expect<role::client>(raw_frame(fin | op, "ab", true), {protocol_failure});
    }
}

TEST_CASE("2: pings and pongs carry up to 125 bytes of anything (section 5.5)") {
    const std::string longest(125, '\xff');
    expect_all({{raw_frame(fin | ping, ""), {"ping:"}},
                {raw_frame(fin | ping, "Hello"), {"ping:Hello"}},
                {raw_frame(fin | ping, longest), {"ping:" + longest}},
                {raw_frame(fin | pong, longest), {"pong:" + longest}}});
    std::string ten;
    transcript pings;
    for (char i = '0'; i <= '9'; ++i) {
        ten += raw_frame(fin | ping, std::string(1, i));
        pings.push_back(std::string{"ping:"} + i);
    }
    expect_all({{ten, pings}});
    for (const unsigned op : {ping, pong, close_op})
        expect_all({{raw_frame(fin | op, std::string(126, 'p')), {protocol_failure}},
                    {raw_frame(fin | op, "p", true, 2), {protocol_failure}},
                    {raw_frame(op, "p"), {protocol_failure}}});
}

TEST_CASE("3: reserved bits are refused where no extension gives them a meaning (section 5.2)") {
    for (const unsigned bits : {rsv1, rsv2, rsv3, rsv1 | rsv2, rsv1 | rsv2 | rsv3})
        for (const unsigned op : {text, binary, ping, pong, close_op})
            expect_all({{raw_frame(fin | bits | op, ""), {protocol_failure}},
                        {raw_frame(fin | bits | op, "ab"), {protocol_failure}}});
    expect_all({{raw_frame(text, "a") + raw_frame(fin | rsv1, "b"), {protocol_failure}}});
}

TEST_CASE("4: reserved opcodes are refused (section 5.2)") {
    for (const unsigned op : {3u, 4u, 5u, 6u, 7u, 11u, 12u, 13u, 14u, 15u})
        expect_all({{raw_frame(fin | op, ""), {protocol_failure}},
                    {raw_frame(fin | op, "payload"), {protocol_failure}},
                    {raw_frame(text, "a") + raw_frame(fin | op, "b"), {protocol_failure}}});
}

TEST_CASE("5: fragments make one message, control frames may come between (section 5.4)") {
    const auto a = raw_frame(text, "a");
    expect_all({
        {a + raw_frame(fin, "b"), {"text:ab"}},
        {a + raw_frame(0, "") + raw_frame(0, "bc") + raw_frame(fin, "d"), {"text:abcd"}},
        {raw_frame(text, "") + raw_frame(0, "") + raw_frame(fin, ""), {"text:"}},
        {raw_frame(binary, "\xff") + raw_frame(fin, "\xfe"), {"binary:\xff\xfe"}},
        {a + raw_frame(fin | ping, "1") + raw_frame(0, "b") + raw_frame(fin | pong, "2") +
             raw_frame(fin, "c"),
         {"ping:1", "pong:2", "text:abc"}},
        {raw_frame(ping, "1") + raw_frame(fin, "2"), {protocol_failure}},
        {raw_frame(pong, "1") + raw_frame(fin, "2"), {protocol_failure}},
        {raw_frame(fin, "a"), {protocol_failure}},
        {raw_frame(0, "a"), {protocol_failure}},
        {raw_frame(0, "a") + raw_frame(fin | text, "b"), {protocol_failure}},
        {a + raw_frame(fin | text, "b"), {protocol_failure}},
        {a + raw_frame(binary, "b"), {protocol_failure}},
        {a + raw_frame(fin, "b") + raw_frame(fin, "c"), {"text:ab", protocol_failure}},
        {a + raw_frame(fin, "b") + raw_frame(0, "c"), {"text:ab", protocol_failure}},
    });
}
