#include <millrace/endpoint/detail/limits/connection_limits.hpp>

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "catch.hpp"

using namespace millrace;
using detail::connection_limits;
using detail::connection_place;
using detail::surplus;

namespace {

/// The limits, and the connections that keep their places.
struct house {
    explicit house(endpoint_options settings) : options{std::move(settings)} {}

    /// What one more of the address is: "served", "server_full", "address_full" or "dropped".
    std::string enter(std::string_view address) {
        auto place = limits->accept(address);
        if (!place) return "dropped";
        places.push_back(*std::move(place));
        constexpr std::array names{"served", "server_full", "address_full"};
        return names[static_cast<std::size_t>(places.back().why_surplus())];
    }

    endpoint_options options;
    std::shared_ptr<connection_limits> limits = std::make_shared<connection_limits>(options);
    std::deque<connection_place> places;
};

}  // namespace

TEST_CASE("an address has so many places, a few more are told so, and the rest is dropped") {
    house h{{.max_connections_per_address = 5}};
    int served = 0, told = 0, dropped = 0;
    for (int i = 0; i != 195; ++i) {
        const auto what = h.enter("192.0.2.1");
        what == "served" ? ++served : what == "address_full" ? ++told : ++dropped;
    }
    CHECK(served == 5);
    CHECK(told == 8);
    CHECK(dropped == 182);
    CHECK(h.enter("192.0.2.2") == "served");
    for (int i = 0; i != 9; ++i) h.places.pop_front();
    CHECK(h.enter("192.0.2.1") == "served");
    CHECK(h.enter("192.0.2.1") == "address_full");
}

TEST_CASE("an address is counted as what it is, however it is written") {
    house h{{.max_connections_per_address = 1}};
    CHECK(h.enter("192.0.2.1") == "served");
    CHECK(h.enter("::ffff:192.0.2.1") == "address_full");
    CHECK(h.enter("::FFFF:c000:201") == "address_full");
    CHECK(h.enter("192.0.2.2") == "served");

    CHECK(h.enter("2001:db8:1:2::1") == "served");
    CHECK(h.enter("2001:DB8:1:2:ffff::9") == "address_full");
    CHECK(h.enter("2001:db8:1:3::1") == "served");
    CHECK(h.enter("fe80::1%eth0") == "served");
    CHECK(h.enter("fe80::2%eth1") == "address_full");

    for (int i = 0; i != 20; ++i) {
        CHECK(h.enter("unix") == "served");
        CHECK(h.enter("") == "served");
    }
}

TEST_CASE("an option says which part of an IPv6 address counts") {
    house wide{{.max_connections_per_address = 1, .ipv6_prefix_bits = 48}};
    CHECK(wide.enter("2001:db8:1:2::1") == "served");
    CHECK(wide.enter("2001:db8:1:3::1") == "address_full");
    CHECK(wide.enter("2001:db8:2::1") == "served");
    CHECK(wide.enter("192.0.2.1") == "served");  // of IPv4 all bits count
    CHECK(wide.enter("192.0.2.2") == "served");
    house exact{{.max_connections_per_address = 1, .ipv6_prefix_bits = 128}};
    CHECK(exact.enter("2001:db8::1") == "served");
    CHECK(exact.enter("2001:db8::2") == "served");
    CHECK(exact.enter("2001:db8::2") == "address_full");
}

TEST_CASE("an address has a share of the handshakes, until each has made its first request") {
    house h{{.max_handshakes = 100, .max_handshakes_per_address = 10}};
    for (int i = 0; i != 10; ++i) CHECK(h.enter("192.0.2.1") == "served");
    CHECK(h.enter("192.0.2.1") == "address_full");
    for (int i = 0; i != 400; ++i) h.enter("192.0.2.1");
    CHECK(h.places.size() == 18);
    for (int i = 0; i != 50; ++i) CHECK(h.enter("198.51.100." + std::to_string(i)) == "served");
    for (auto& each : h.places) {
        each.end_handshake();
        each.end_handshake();
    }
    CHECK(h.enter("192.0.2.1") == "served");
}

TEST_CASE("when all places are taken, a few are left for probes and those who are trusted") {
    house h{{.max_connections = 10,
             .reserved_connections = 6,
             .trusted_proxies = {"10.0.0.1"},
             .trusted_addresses = {"192.0.2.0/24"}}};
    int others = 0;
    const auto stranger = [&] { return "198.51.100." + std::to_string(++others); };
    for (int i = 0; i != 10; ++i) CHECK(h.enter(stranger()) == "served");
    for (int i = 0; i != 3; ++i) CHECK(h.enter(stranger()) == "server_full");
    CHECK(h.enter(stranger()) == "dropped");
    CHECK(h.enter("192.0.2.1") == "served");
    CHECK(h.enter("10.0.0.1") == "served");
    CHECK(h.enter("192.0.2.2") == "served");
    CHECK(h.enter("192.0.2.3") == "dropped");
    h.places.pop_back();
    CHECK(h.enter("192.0.2.3") == "served");
    h.places.clear();
    CHECK(h.enter(stranger()) == "served");

    house none{{.max_connections = 1, .reserved_connections = 0}};
    CHECK(none.enter("192.0.2.1") == "served");
    CHECK(none.enter("192.0.2.2") == "dropped");
    house large{{.max_connections = SIZE_MAX,
                 .max_handshakes = SIZE_MAX,
                 .reserved_connections = SIZE_MAX,
                 .max_connections_per_address = SIZE_MAX,
                 .max_handshakes_per_address = SIZE_MAX}};
    for (int i = 0; i != 100; ++i) CHECK(large.enter("192.0.2.2") == "served");
}

TEST_CASE("those who are trusted have no limit by address") {
    house h{{.max_connections_per_address = 1,
             .trusted_proxies = {"10.0.0.1", "::1"},
             .trusted_addresses = {"192.0.2.1"}}};
    for (int i = 0; i != 30; ++i) {
        CHECK(h.enter("192.0.2.1") == "served");
        CHECK(h.enter("::ffff:10.0.0.1") == "served");
        CHECK(h.enter("::1") == "served");
    }
}

TEST_CASE("an address that is learned later counts from then on") {
    house h{{.max_connections_per_address = 2, .trusted_addresses = {"192.0.2.9"}}};
    for (int i = 0; i != 12; ++i) {
        CHECK(h.enter("") == "served");
        CHECK_FALSE(h.places.back().is_address_known());
    }
    int kept = 0;
    for (auto& each : h.places) kept += each.learn("192.0.2.1");
    CHECK(kept == 10);
    CHECK(h.places[1].why_surplus() == surplus::none);
    CHECK(h.places[2].why_surplus() == surplus::address_full);
    CHECK(h.enter("192.0.2.1") == "dropped");
    h.places.clear();
    CHECK(h.enter("192.0.2.1") == "served");
    CHECK(h.enter("") == "served");
    CHECK(h.places.back().learn("192.0.2.9"));
}

TEST_CASE("a proxy's connection counts for the client that it serves") {
    house h{{.max_connections_per_address = 1, .trusted_proxies = {"10.0.0.1"}}};
    h.enter("10.0.0.1");
    h.enter("10.0.0.1");
    auto &a = h.places[0], &b = h.places[1];
    a.end_handshake();
    CHECK(a.serve("192.0.2.1"));
    CHECK(a.serve("192.0.2.1"));
    CHECK_FALSE(b.serve("192.0.2.1"));
    CHECK(b.serve("192.0.2.2"));
    CHECK(a.serve("192.0.2.3"));
    CHECK(b.serve("192.0.2.1"));
    b.end_handshake();
    a.leave_address();
    a.leave_address();
    CHECK(h.enter("192.0.2.3") == "served");
    CHECK(b.serve("10.0.0.1"));  // for itself
    h.places.clear();
    CHECK(h.enter("192.0.2.1") == "served");
}

TEST_CASE("places are taken and left in several threads") {
    house h{{.max_connections = 4, .max_connections_per_address = 4}};
    const auto work = [&](const std::string& address) {
        for (int i = 0; i != 2000; ++i) {
            auto place = h.limits->accept(address);
            if (!place) continue;
            if (i % 2 != 0) place->end_handshake();
            const connection_place moved{*std::move(place)};
        }
    };
    std::thread other{work, "192.0.2.1"};
    work("192.0.2.1");
    other.join();
    for (int i = 0; i != 4; ++i) CHECK(h.enter("192.0.2.1") == "served");
    CHECK(h.enter("192.0.2.1") != "served");
}
