#include <millrace/endpoint/guards/rate_guard.hpp>

#include <atomic>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "requests.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

struct shared_clock {
    const std::chrono::nanoseconds* time;
    timestamp wall() const { return {}; }
    std::chrono::nanoseconds elapsed() const { return *time; }
};

struct limited {
    explicit limited(rate_settings settings) : guard{settings, {&now}} {}

    bool passes(std::string_view address) {
        const auto verdict = guard.admit(get("/"), address);
        CHECK((!verdict.error || verdict.error == errc::too_many_requests));
        return !verdict.error;
    }

    std::chrono::nanoseconds now{1h};
    basic_rate_guard<shared_clock> guard;
};

std::string ipv4(int i) {
    return "198.51." + std::to_string(i / 256) + "." + std::to_string(i % 256);
}

}  // namespace

static_assert(synchronous_guard<rate_guard>);

TEST_CASE("a rate guard limits each address for itself") {
    limited to{{.per_second = 2, .burst = 3}};
    for (int i = 0; i != 3; ++i) CHECK(to.passes("192.0.2.1"));
    CHECK_FALSE(to.passes("192.0.2.1"));
    CHECK(to.passes("192.0.2.2"));
    to.now += 499ms;
    CHECK_FALSE(to.passes("192.0.2.1"));
    to.now += 1ms;
    CHECK(to.passes("192.0.2.1"));
    CHECK_FALSE(to.passes("192.0.2.1"));
}

TEST_CASE("a rate guard takes a 64-bit network for one address") {
    limited to{{.per_second = 1, .burst = 1}};
    CHECK(to.passes("2001:db8:1:2::1"));
    CHECK_FALSE(to.passes("2001:db8:1:2:ffff:ffff:ffff:ffff"));
    CHECK(to.passes("2001:db8:1:3::1"));
    CHECK(to.passes("2001:db9:1:2::1"));
}

TEST_CASE("a rate guard tells IPv4 addresses and the loopback apart, in either form") {
    limited to{{.per_second = 1, .burst = 1}};
    for (const auto* address : {"192.0.2.1", "192.0.2.2", "1.0.2.192", "::1", "unix"}) {
        CAPTURE(address);
        CHECK(to.passes(address));
        CHECK_FALSE(to.passes(address));
    }
    CHECK_FALSE(to.passes("::ffff:192.0.2.1"));
    CHECK_FALSE(to.passes("neither is this an address"));
}

TEST_CASE("a rate guard forgets those whom it saw longest ago, and no others") {
    limited to{{.per_second = 0.001, .burst = 1, .max_addresses = 8}};
    CHECK(to.passes(ipv4(0)));
    for (int i = 1; i != 4; ++i) CHECK(to.passes(ipv4(i)));
    for (int i = 0; i != 4; ++i) CHECK_FALSE(to.passes(ipv4(i)));

    // Address 0 shows up among the new ones and is remembered, whatever else is forgotten.
    for (int i = 4; i != 1000; ++i) {
        CAPTURE(i);
        CHECK(to.passes(ipv4(i)));
        CHECK_FALSE(to.passes(ipv4(i)));
        CHECK_FALSE(to.passes(ipv4(0)));
        // Of 8 at least the last 3 are known, with address 0 beside them.
        for (int last = i - 2; last <= i; ++last) CHECK_FALSE(to.passes(ipv4(last)));
    }
    CHECK(to.passes(ipv4(1)));
}

TEST_CASE("copies of a rate guard count together, from several threads") {
    constexpr int burst = 1000;
    limited to{{.per_second = 0.001, .burst = burst}};
    std::atomic<int> passed = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t != 4; ++t) {
        threads.emplace_back([&, guard = to.guard] {
            const auto request = get("/");
            for (int i = 0; i != burst; ++i) passed += !guard.admit(request, "192.0.2.1").error;
        });
    }
    for (auto& each : threads) each.join();
    CHECK(passed == burst);
}

TEST_CASE("a rate guard refuses settings that make no sense") {
    CHECK_THROWS_AS((rate_guard{{.per_second = 0}}), std::invalid_argument);
    CHECK_THROWS_AS((rate_guard{{.burst = 0}}), std::invalid_argument);
    CHECK_THROWS_AS((rate_guard{{.max_addresses = 1}}), std::invalid_argument);
    const rate_guard usual = {};
    CHECK_FALSE(usual.admit(get("/"), "192.0.2.1").error);
}
