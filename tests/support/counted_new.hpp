#pragma once

#include <atomic>
#include <cstddef>

// What operator new has given out in this program so far (`main.cpp`). The thread sanitizer has an
// operator new of its own, which does not count.
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
/// The one that fails, by this count.
inline std::atomic<std::size_t> failing_allocation{0};
