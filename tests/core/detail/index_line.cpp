#include <millrace/core/detail/index_line.hpp>

#include <cstdint>
#include <random>
#include <vector>

#include "catch.hpp"

using namespace millrace;

using detail::index_line;

TEST_CASE("a line says where a tag stands, and stays without gaps") {
    const auto seed = test_seed();
    INFO("seed " << seed);
    std::mt19937 random{seed};
    std::size_t wrong = 0;
    index_line line{};
    std::vector<std::uint32_t> tags;
    for (int i = 0; i < 20'000; ++i) {
        const auto tag = static_cast<std::uint32_t>(random() % 4) | index_line::in_use;
        if (tags.size() < index_line::size && random() % 3 != 0) {
            line.put(line.count(), tag, tag + 1);
            tags.push_back(tag);
        } else if (!tags.empty()) {
            const auto at = static_cast<unsigned>(random() % tags.size());
            line.remove(at);
            tags[at] = tags.back();
            tags.pop_back();
        }
        unsigned expected = 0;
        for (std::size_t at = 0; at < tags.size(); ++at)
            if (tags[at] == tag) expected |= 1U << at;
        if (line.places_of(tag) != expected) ++wrong;
        if (line.count() != tags.size() || line.is_full() != (tags.size() == index_line::size))
            ++wrong;
        for (std::size_t at = 0; at < tags.size(); ++at)
            if (line.numbers[at] != tags[at] + 1) ++wrong;
    }
    CHECK(wrong == 0);
}

TEST_CASE("memory for lines is zero and aligned, also where it was used before") {
    using lines = std::vector<index_line, detail::zeroed_allocator<index_line>>;
    for (const std::size_t count : {1U, 3U, 100U, 100'000U}) {
        for (int round = 0; round < 3; ++round) {
            lines some(count);
            CHECK(reinterpret_cast<std::uintptr_t>(some.data()) % alignof(index_line) == 0);
            std::size_t used = 0;
            for (index_line& each : some) {
                used += each.count();
                each.put(0, index_line::in_use, 1);
            }
            CHECK(used == 0);
            const lines copy = some;
            CHECK(copy.back().numbers[0] == 1);
        }
    }
    CHECK_THROWS(lines(PTRDIFF_MAX / sizeof(index_line)));
}
