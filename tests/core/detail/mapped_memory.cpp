#include <millrace/core/detail/mapped_memory.hpp>

#include <algorithm>
#include <cstdint>
#include <new>
#include <vector>

#ifdef __linux__
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <sys/mman.h>
#include <unistd.h>
#endif

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

#ifdef __linux__

namespace {

/// The letters by which Linux says what the mapping at `address` was asked for (proc(5), VmFlags).
std::string flags_at(const void* address) {
    const auto sought = reinterpret_cast<std::uintptr_t>(address);
    std::ifstream maps{"/proc/self/smaps"};
    bool is_there = false;
    for (std::string line; std::getline(maps, line);) {
        std::uintptr_t begin = 0, end = 0;
        char dash = 0;
        std::istringstream words{line};
        if (words >> std::hex >> begin >> dash >> end && dash == '-')
            is_there = begin <= sought && sought < end;
        if (is_there && line.starts_with("VmFlags:")) return line + " ";
    }
    return "";
}

}  // namespace

TEST_CASE("mapped memory takes none before it is used, and then huge pages where there are any") {
    constexpr std::size_t size = mapped_memory::huge_page * 4;
    void* const memory = mapped_memory::map(size);
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    std::vector<unsigned char> is_present(size / page);
    const auto present = [&] {
        REQUIRE(::mincore(memory, size, is_present.data()) == 0);
        return std::count_if(is_present.begin(), is_present.end(),
                             [](unsigned char each) { return (each & 1) != 0; });
    };
    CHECK(present() == 0);
    *static_cast<char*>(memory) = 1;
    CHECK(present() > 0);
    const std::string flags = flags_at(memory);
    if (!flags.empty() && std::filesystem::exists("/sys/kernel/mm/transparent_hugepage"))
        CHECK(flags.find(" hg ") != std::string::npos);
    mapped_memory::unmap(memory, size);
}

#endif
