#include <millrace/core/detail/mapped_memory.hpp>

#include <algorithm>
#include <cstdint>
#include <new>

#include "catch.hpp"

using millrace::detail::mapped_memory;

TEST_CASE("mapped memory is zero, aligned, and all of it can be used") {
    for (const std::size_t size :
         {std::size_t{1}, mapped_memory::huge_page, mapped_memory::huge_page * 3 + 1}) {
        for (int round = 0; round < 3; ++round) {
            auto* const bytes = static_cast<unsigned char*>(mapped_memory::map(size));
            CHECK(reinterpret_cast<std::uintptr_t>(bytes) % mapped_memory::huge_page == 0);
            CHECK(std::all_of(bytes, bytes + size, [](unsigned char each) { return each == 0; }));
            std::fill_n(bytes, size, static_cast<unsigned char>(255));
            mapped_memory::unmap(bytes, size);
        }
    }
    CHECK_THROWS_AS(mapped_memory::map(SIZE_MAX), std::bad_alloc);
    CHECK_THROWS_AS(mapped_memory::map(SIZE_MAX / 4), std::bad_alloc);
}
