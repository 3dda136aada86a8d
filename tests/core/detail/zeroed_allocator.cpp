#include <millrace/core/detail/zeroed_allocator.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "catch.hpp"

using namespace millrace;

namespace {

struct alignas(64) block {
    std::array<std::uint64_t, 8> words;
};

}  // namespace

TEST_CASE("memory is zero and aligned, also where it was used before") {
    using blocks = std::vector<block, detail::zeroed_allocator<block>>;
    for (const std::size_t count : {1U, 3U, 100U, 100'000U}) {
        for (int round = 0; round < 3; ++round) {
            blocks some(count);
            CHECK(reinterpret_cast<std::uintptr_t>(some.data()) % alignof(block) == 0);
            std::size_t used = 0;
            for (block& each : some) {
                used += each.words[0] + each.words[7];
                each.words[0] = each.words[7] = 1;
            }
            CHECK(used == 0);
            const blocks copy = some;
            CHECK(copy.back().words[7] == 1);
        }
    }
    CHECK_THROWS(blocks(PTRDIFF_MAX / sizeof(block)));
}
