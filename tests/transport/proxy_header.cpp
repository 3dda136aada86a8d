#include <millrace/transport/proxy_header.hpp>

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"

using namespace millrace;
using states = proxy_header::states;
using namespace std::string_literals;

namespace {

/// A header of version 2, byte by byte as the specification has it.
std::string binary(unsigned version_and_command, unsigned family_and_protocol,
                   const std::string& rest, std::size_t length) {
    return "\r\n\r\n\0\r\nQUIT\n"s + static_cast<char>(version_and_command) +
           static_cast<char>(family_and_protocol) + static_cast<char>(length >> 8) +
           static_cast<char>(length & 255) + rest;
}
std::string binary(unsigned version_and_command, unsigned family_and_protocol,
                   const std::string& rest) {
    return binary(version_and_command, family_and_protocol, rest, rest.size());
}

const std::string ipv4 = "\xc0\x00\x02\x01\xc6\x33\x64\x07\xdc\x04\x01\xbb"s;  // 192.0.2.1
const std::string ipv6 = "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x01" +
                         std::string(15, '\0') + "\x01\xdc\x04\x01\xbb";  // 2001:db8::1

struct valid_header {
    std::string bytes;
    std::string source;
};

const std::vector<valid_header> valid{
    {"PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n", "192.0.2.1"},
    {"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "255.255.255.255"},
    {"PROXY TCP4 1.2.3.4 5.6.7.8 0 0\r\n", "1.2.3.4"},
    {"PROXY TCP6 2001:DB8:0:0:0:0:0:1 ::1 56324 443\r\n", "2001:db8::1"},
    {"PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n", "192.0.2.1"},
    {"PROXY UNKNOWN\r\n", ""},
    {"PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n", ""},
    {"PROXY UNKNOWN " + std::string(91, 'x') + "\r\n", ""},
    {binary(0x21, 0x11, ipv4), "192.0.2.1"},
    {binary(0x21, 0x21, ipv6), "2001:db8::1"},
    {binary(0x21, 0x11, ipv4 + "\x04\x00\x03xyz"s), "192.0.2.1"},
    {binary(0x21, 0x21, ipv6 + std::string(4000, 'T')), "2001:db8::1"},
    {binary(0x21, 0x31, std::string(216, '/')), ""},
    {binary(0x21, 0x12, ipv4), ""},
    {binary(0x21, 0x00, ""), ""},
    {binary(0x21, 0x00, "whatever"), ""},
    {binary(0x20, 0x11, ipv4), ""},
    {binary(0x20, 0x00, ""), ""},
    {binary(0x20, 0xff, "skipped"), ""},
};

}  // namespace

TEST_CASE("a PROXY header tells the client's address") {
    for (const auto& [bytes, source] : valid) {
        CAPTURE(bytes);
        const auto parsed = parse_proxy_header(bytes);
        REQUIRE(parsed.state == states::complete);
        CHECK(parsed.bytes == bytes.size());
        CHECK(parsed.source == source);
        // What follows is the connection's.
        const auto more = parse_proxy_header(bytes + "GET / HTTP/1.1\r\n\r\n");
        CHECK(more.state == states::complete);
        CHECK(more.bytes == bytes.size());
        CHECK(more.source == source);
    }
}

TEST_CASE("a PROXY header that is cut anywhere is incomplete, and never asks for too much") {
    for (const auto& header : valid) {
        for (std::size_t size = 0; size != header.bytes.size(); ++size) {
            CAPTURE(header.bytes, size);
            const auto parsed = parse_proxy_header(std::string_view{header.bytes}.substr(0, size));
            REQUIRE(parsed.state == states::incomplete);
            REQUIRE(parsed.bytes > 0);
            REQUIRE(size + parsed.bytes <= header.bytes.size());
        }
    }
}

TEST_CASE("what is no PROXY header is refused") {
    const std::vector<std::string> wrong{
        "GET / HTTP/1.1\r\n",
        "proxy TCP4 192.0.2.1 198.51.100.7 1 2\r\n",
        "PROXY\r\n",
        "PROXY  TCP4 192.0.2.1 198.51.100.7 1 2\r\n",
        "PROXY TCP4\r\n....",
        "PROXY TCP5 192.0.2.1 198.51.100.7 1 2\r\n",
        "PROXY tcp4 192.0.2.1 198.51.100.7 1 2\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.7 1\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.7 1 2 3\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.7 1 2 \r\n",
        "PROXY TCP4 192.0.2.1  198.51.100.7 1 2\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.7 1 65536\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.7 01 2\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.7 -1 2\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.7 1 2x\r\n",
        "PROXY TCP4 192.0.2.256 198.51.100.7 1 2\r\n",
        "PROXY TCP4 192.0.2.1 localhost 1 2\r\n",
        "PROXY TCP4 2001:db8::1 ::1 1 2\r\n",
        "PROXY TCP6 192.0.2.1 198.51.100.7 1 2\r\n",
        "PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n",
        "PROXY UNKNOWN " + std::string(92, 'x') + "\r\n",
        "PROXY UNKNOWN" + std::string(200, ' '),
        "\r\n\r\n\0\r\nQUIT\r"s,
        binary(0x11, 0x11, ipv4),
        binary(0x31, 0x11, ipv4),
        binary(0x22, 0x11, ipv4),
        binary(0x21, 0x41, ipv4),
        binary(0x21, 0x13, ipv4),
        binary(0x21, 0x11, ipv4.substr(1)),
        binary(0x21, 0x21, ipv6.substr(1)),
        binary(0x21, 0x31, std::string(215, '/')),
        binary(0x21, 0x11, ipv4 + std::string(4069, 'T')),
        binary(0x20, 0x00, "", 65535),
    };
    for (const auto& bytes : wrong) {
        CAPTURE(bytes);
        CHECK(parse_proxy_header(bytes).state == states::failed);
    }
}

TEST_CASE("a wrong byte in a PROXY header's fixed part is refused when it comes") {
    for (const auto& start : {"PROXY "s, "\r\n\r\n\0\r\nQUIT\n"s})
        for (std::size_t i = 0; i != start.size(); ++i) {
            auto bytes = start.substr(0, i + 1);
            bytes[i] = static_cast<char>(bytes[i] ^ 0x20);
            CAPTURE(i);
            CHECK(parse_proxy_header(bytes).state == states::failed);
        }
}

TEST_CASE("garbage behind a PROXY header's beginning never gives an address out of range") {
    CAPTURE(test_seed());
    std::mt19937 random{test_seed()};
    for (int i = 0; i < 20'000; ++i) {
        auto bytes = valid[random() % valid.size()].bytes;
        for (auto changes = 1 + random() % 3; changes != 0; --changes)
            bytes[random() % bytes.size()] = static_cast<char>(random());
        const auto parsed = parse_proxy_header(bytes);
        if (parsed.state == states::complete) {
            REQUIRE(parsed.bytes <= bytes.size());
            REQUIRE((parsed.source.empty() || detail::parse_ip(parsed.source)));
        }
        if (parsed.state == states::incomplete) REQUIRE(parsed.bytes <= 4096);
    }
}
