#include <millrace/core/spsc_ring.hpp>

#include <cstdint>
#include <thread>
#include <vector>

#include "catch.hpp"

using namespace millrace;

TEST_CASE("a ring gives what it was given, in order, up to its size") {
    spsc_ring<int> ring{3};
    REQUIRE(ring.front() == nullptr);
    for (int round = 0; round < 5; ++round) {
        for (int i = 0; i < 3; ++i) {
            *ring.back() = i;
            ring.push();
        }
        REQUIRE(ring.back() == nullptr);
        for (int i = 0; i < 3; ++i) {
            REQUIRE(*ring.front() == i);
            ring.pop();
            REQUIRE(ring.back() != nullptr);
        }
        REQUIRE(ring.front() == nullptr);
    }
}

TEST_CASE("a slot keeps its memory from round to round") {
    spsc_ring<std::vector<int>> ring{1};
    ring.back()->assign(1000, 1);
    ring.push();
    const int* const memory = ring.front()->data();
    ring.front()->clear();
    ring.pop();
    ring.back()->assign(1000, 2);
    REQUIRE(ring.back()->data() == memory);
}

TEST_CASE("one thread fills while another empties") {
    constexpr std::uint64_t count = 200'000;
    spsc_ring<std::uint64_t> ring{7};
    std::thread filling{[&] {
        for (std::uint64_t i = 0; i != count;) {
            auto* const slot = ring.back();
            if (slot == nullptr) {
                std::this_thread::yield();
                continue;
            }
            *slot = i++;
            ring.push();
        }
    }};
    std::uint64_t next = 0, wrong = 0;
    while (next != count) {
        const auto* const slot = ring.front();
        if (slot == nullptr) {
            std::this_thread::yield();
            continue;
        }
        if (*slot != next++) ++wrong;
        ring.pop();
    }
    filling.join();
    REQUIRE(wrong == 0);
    REQUIRE(ring.front() == nullptr);
}
