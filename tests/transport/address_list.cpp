#include <millrace/transport/address_list.hpp>

#include <cstdint>
#include <random>
#include <string>

#include "catch.hpp"

using millrace::address_list;

namespace {

std::string dotted(std::uint32_t address) {
    return std::to_string(address >> 24) + '.' + std::to_string((address >> 16) & 255) + '.' +
           std::to_string((address >> 8) & 255) + '.' + std::to_string(address & 255);
}

}  // namespace

TEST_CASE("an address list holds single addresses and networks of both families") {
    const address_list list{"10.0.0.0/8", "192.168.1.7", "::1", "2001:db8::/33", "fe80::/10"};
    for (const auto* inside : {"10.0.0.0", "10.255.255.255", "192.168.1.7", "::1",
                               "0:0:0:0:0:0:0:1", "2001:db8:7fff::1", "fe80::1%eth0"})
        CHECK(list.contains(inside));
    for (const auto* outside : {"9.255.255.255", "11.0.0.0", "192.168.1.8", "::2",
                                "2001:db8:8000::", "fec0::1", "0.0.0.1"})
        CHECK(!list.contains(outside));
    CHECK(!list.empty());
    CHECK(address_list{}.empty());
    CHECK(!address_list{}.contains("10.0.0.1"));
}

TEST_CASE("an IPv4 address and its v4-mapped form are the same") {
    CHECK(address_list{"10.0.0.0/8"}.contains("::ffff:10.1.2.3"));
    CHECK(address_list{"::ffff:10.0.0.0/104"}.contains("10.1.2.3"));
    CHECK(!address_list{"::ffff:10.0.0.0/104"}.contains("11.1.2.3"));
    CHECK(!address_list{"::/0"}.contains("10.1.2.3"));
    CHECK(address_list{"::/0"}.contains("2001:db8::1"));
    CHECK(address_list{"0.0.0.0/0"}.contains("10.1.2.3"));
    CHECK(!address_list{"0.0.0.0/0"}.contains("2001:db8::1"));
}

TEST_CASE("what is no address is in no list") {
    const address_list all{"0.0.0.0/0", "::/0"};
    for (const auto* text :
         {"", "memory", "unix", "10.0.0", "10.0.0.1.2", "10.0.0.256", "010.0.0.1", "10.0.0.1:80",
          "[::1]", " 10.0.0.1", "10.0.0.1 ", ":::", "1::2::3"})
        CHECK(!all.contains(text));
    CHECK(!all.contains(std::string_view{"10.0.0.1\0", 9}));
    CHECK(!all.contains(std::string(1000, '1')));
}

TEST_CASE("an address list refuses nonsense") {
    for (const auto* text : {"", "/8", "localhost", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1",
                             "10.0.0.0/8x", "10.0.0.0/+8", "::/129", "10.0.0.1/8", "::1/127",
                             "10.0.0.0/8/8", "fe80::1%eth0", "10.*"}) {
        CAPTURE(text);
        CHECK_THROWS_AS(address_list{text}, std::invalid_argument);
    }
}

TEST_CASE("an IPv4 network holds what its mask says") {
    CAPTURE(test_seed());
    std::mt19937 random{test_seed()};
    for (int i = 0; i < 2000; ++i) {
        const auto bits = static_cast<unsigned>(random() % 33);
        const std::uint32_t mask = bits == 0 ? 0 : ~std::uint32_t{0} << (32 - bits);
        const auto network = static_cast<std::uint32_t>(random()) & mask;
        // A near miss or hit: one bit, or none, differs from the network's first address.
        const auto address =
            network ^ static_cast<std::uint32_t>(std::uint64_t{1} << random() % 33);
        const auto text = dotted(network) + '/' + std::to_string(bits);
        CAPTURE(text, dotted(address));
        REQUIRE(address_list{text}.contains(dotted(address)) == ((address & mask) == network));
    }
}

TEST_CASE("an address is written in its canonical form") {
    const auto canonical = [](std::string_view text) {
        return millrace::detail::to_string(millrace::detail::parse_ip(text).value());
    };
    CHECK(canonical("10.0.0.1") == "10.0.0.1");
    CHECK(canonical("::FFFF:10.0.0.1") == "10.0.0.1");
    CHECK(canonical("2001:DB8:0:0:0:0:0:1") == "2001:db8::1");
    CHECK(canonical("::") == "::");
}
