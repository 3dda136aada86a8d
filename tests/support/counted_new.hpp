#pragma once

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

// Replaces operator new by one that counts: for one file of a program. The thread sanitizer has an
// operator new of its own.
#if defined(__SANITIZE_THREAD__)
#define MILLRACE_COUNTS_ALLOCATIONS 0
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define MILLRACE_COUNTS_ALLOCATIONS 0
#endif
#endif
#ifndef MILLRACE_COUNTS_ALLOCATIONS
#define MILLRACE_COUNTS_ALLOCATIONS 1
#endif

inline std::atomic<std::size_t> allocation_count{0};
inline std::atomic<std::size_t> allocated_bytes{0};

#if MILLRACE_COUNTS_ALLOCATIONS
// Once inlined, g++ takes these for mismatched pairs of new and free.
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    ++allocation_count;
    allocated_bytes += size;
    return std::malloc(size != 0 ? size : 1);
}
[[gnu::noinline]] void* operator new(std::size_t size) {
    if (void* memory = operator new(size, std::nothrow)) return memory;
    throw std::bad_alloc{};
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
#endif
