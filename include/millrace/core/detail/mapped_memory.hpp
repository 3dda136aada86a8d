#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace millrace::detail {

/// Memory in large pieces: zero, and aligned to a huge page of 2 MB. It takes physical memory with
/// its first use. Linux is asked for huge pages (madvise(2), MADV_HUGEPAGE), which cost fewer page
/// faults and fewer misses of the processor's page cache (TLB).
struct mapped_memory {
    static constexpr std::size_t huge_page = std::size_t{1} << 21;

    [[nodiscard]] static void* map(std::size_t size) {
#ifdef __linux__
        if (size > SIZE_MAX / 2) throw std::bad_alloc{};
        const std::size_t whole = rounded(size) + huge_page;
        void* const mapped = ::mmap(nullptr, whole, PROT_READ | PROT_WRITE,
                                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (mapped == MAP_FAILED) throw std::bad_alloc{};
        char* const begin = static_cast<char*>(mapped);
        const std::size_t before =
            (huge_page - reinterpret_cast<std::uintptr_t>(begin) % huge_page) % huge_page;
        if (before != 0) ::munmap(begin, before);
        ::munmap(begin + before + rounded(size), huge_page - before);
        ::madvise(begin + before, rounded(size), MADV_HUGEPAGE);
        return begin + before;
#else
        void* const memory = std::aligned_alloc(huge_page, rounded(size));
        if (memory == nullptr) throw std::bad_alloc{};
        return std::memset(memory, 0, rounded(size));
#endif
    }

    static void unmap(void* memory, [[maybe_unused]] std::size_t size) noexcept {
#ifdef __linux__
        ::munmap(memory, rounded(size));
#else
        std::free(memory);
#endif
    }

private:
    static constexpr std::size_t rounded(std::size_t size) noexcept {
        return (size + huge_page - 1) / huge_page * huge_page;
    }
};

}  // namespace millrace::detail
