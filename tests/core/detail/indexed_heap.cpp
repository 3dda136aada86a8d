#include <millrace/core/detail/indexed_heap.hpp>

#include <algorithm>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include "catch.hpp"

using millrace::detail::indexed_heap;

TEST_CASE("an indexed heap has the order of a set, whatever is moved and taken out") {
    const auto seed = test_seed();
    CAPTURE(seed);
    std::mt19937 random{seed};
    std::vector<int> weights(60);
    const auto is_before = [&](std::uint32_t a, std::uint32_t b) {
        return std::pair{weights[a], a} < std::pair{weights[b], b};
    };
    const auto any = [&] { return static_cast<int>(random() % 20); };
    indexed_heap heap;
    std::set<std::pair<int, std::uint32_t>> naive;
    for (int step = 0; step < 20'000; ++step) {
        const auto number = static_cast<std::uint32_t>(random() % weights.size());
        REQUIRE(heap.contains(number) == (naive.count({weights[number], number}) == 1));
        if (!heap.contains(number)) {
            weights[number] = any();
            naive.emplace(weights[number], number);
            heap.push(number, is_before);
        } else if (random() % 2 == 0) {
            naive.erase({weights[number], number});
            heap.erase(number, is_before);
        } else {
            naive.erase({weights[number], number});
            const int before = std::exchange(weights[number], any());
            naive.emplace(weights[number], number);
            if (weights[number] < before) {
                heap.move_up(number, is_before);
            } else {
                heap.move_down(number, is_before);
            }
        }
        REQUIRE(heap.empty() == naive.empty());
        if (!naive.empty()) REQUIRE(heap.front() == naive.begin()->second);
        if (random() % 500 == 0) {
            heap.clear();
            naive.clear();
        }
    }
    while (!naive.empty()) {
        REQUIRE(heap.front() == naive.begin()->second);
        heap.erase(heap.front(), is_before);
        naive.erase(naive.begin());
    }
    REQUIRE(heap.empty());
}
