#include <millrace/core/port_watermarks.hpp>

#include <optional>
#include <random>
#include <string>

#include <millrace/core/archive.hpp>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;

namespace {

constexpr std::size_t A = 0, B = 1;

/// Two ports, and what becomes of the watermark at each step: nothing where it stays.
struct two_ports {
    port_watermarks<2> ports{};

    std::optional<long long> raise(std::size_t port, long long to) {
        return risen([&] { ports.raise(port, at_ms(to)); });
    }
    std::optional<long long> idle(std::size_t port) {
        return risen([&] { ports.idle(port); });
    }
    std::optional<long long> active(std::size_t port) {
        return risen([&] { ports.active(port); });
    }
    bool end(std::size_t port) {
        ports.raise(port, timestamp::max());
        return ports.combined() == timestamp::max();
    }

private:
    template <class Step>
    std::optional<long long> risen(Step&& step) {
        const timestamp before = ports.combined();
        step();
        REQUIRE(ports.combined() >= before);
        if (ports.combined() == before) return std::nullopt;
        return ports.combined().time_since_epoch() / std::chrono::milliseconds{1};
    }
};

constexpr std::nullopt_t stays = std::nullopt;

}  // namespace

TEST_CASE("the watermark of two inputs is that of the one that is least far (G14)") {
    two_ports p;
    CHECK(p.raise(A, 10) == stays);
    CHECK(p.raise(B, 7) == 7);
    CHECK(p.raise(A, 20) == stays);
    CHECK(p.raise(B, 12) == 12);
    CHECK(p.raise(A, 15) == stays);
    CHECK(p.raise(B, 30) == 20);
}

TEST_CASE("one that is idle holds nobody up, and counts again once it has caught up (G15)") {
    two_ports p;
    CHECK(p.raise(A, 10) == stays);
    CHECK(p.raise(B, 7) == 7);
    CHECK(p.idle(B) == 10);
    CHECK(p.raise(A, 20) == 20);
    CHECK(p.active(B) == stays);
    CHECK(p.raise(B, 15) == stays);
    CHECK(p.raise(A, 25) == 25);
    CHECK(p.raise(B, 26) == stays);
    CHECK(p.raise(A, 30) == 26);
}

TEST_CASE("where all are idle the furthest holds, in whatever order they became so (G16)") {
    two_ports one, other;
    for (two_ports* p : {&one, &other}) {
        CHECK(p->raise(A, 10) == stays);
        CHECK(p->raise(B, 20) == 10);
        CHECK_FALSE(p->ports.is_idle());
    }
    CHECK(one.idle(A) == 20);
    CHECK_FALSE(one.ports.is_idle());
    CHECK(one.idle(B) == stays);
    CHECK(one.ports.is_idle());
    CHECK(other.idle(B) == stays);
    CHECK(other.idle(A) == 20);
    CHECK(other.ports.is_idle());
}

TEST_CASE("one that has ended is not idle, and closes nothing as long as others may go on (G16)") {
    two_ports p;
    CHECK(p.raise(B, 5) == stays);
    CHECK(p.raise(A, 3) == 3);
    CHECK_FALSE(p.end(A));
    CHECK(p.ports.combined() == at_ms(5));
    CHECK(p.idle(A) == stays);  // nor does it become idle
    CHECK(p.idle(B) == stays);
    CHECK(p.ports.is_idle());
    CHECK(p.active(B) == stays);
    CHECK(p.raise(B, 8) == 8);
    CHECK(p.end(B));
    CHECK_FALSE(p.ports.is_idle());
}

TEST_CASE("while the only one that is not idle is behind, the watermark waits for it") {
    two_ports p;
    p.raise(A, 10);
    p.raise(B, 20);
    CHECK(p.idle(A) == 20);
    CHECK(p.active(A) == stays);
    CHECK(p.idle(B) == stays);
    CHECK(p.raise(A, 15) == stays);
    CHECK(p.raise(A, 21) == 21);
}

TEST_CASE("one that is further behind than max_lag holds nobody up") {
    two_ports p{port_watermarks<2>{std::chrono::milliseconds{100}}};
    CHECK(p.raise(A, 1000) == 900);  // B has not come yet
    CHECK(p.raise(B, 5) == stays);
    CHECK(p.raise(A, 1050) == 950);
    CHECK(p.raise(B, 960) == 960);  // it has caught up
    CHECK(p.raise(B, 1000) == 1000);
    CHECK(p.raise(A, 1090) == stays);
    CHECK(p.idle(B) == 1090);
    two_ports unlimited;
    CHECK(unlimited.raise(A, 1'000'000'000'000) == stays);
    CHECK(unlimited.ports.combined() == timestamp::min());
}

TEST_CASE("a saved watermark goes on as it would have") {
    const auto seed = test_seed();
    INFO("seed " << seed);
    std::mt19937 random{seed};
    const auto step = [&random](auto& ports) {
        const std::size_t port = random() % 3;
        switch (random() % 4) {
            case 0: return ports.idle(port);
            case 1: return ports.active(port);
            default: return ports.raise(port, at_ms(static_cast<long long>(random() % 1000)));
        }
    };
    for (int round = 0; round < 50; ++round) {
        port_watermarks<3> first, second;
        for (int i = 0; i < 20; ++i) step(first);
        const std::string saved = save(first);
        input_archive ar{saved};
        ar(second);
        REQUIRE(ar.ok());
        for (int i = 0; i < 20; ++i) {
            const std::mt19937 before = random;
            step(first);
            random = before;
            step(second);
            CHECK(first.combined() == second.combined());
            CHECK(first.is_idle() == second.is_idle());
        }
    }
}
