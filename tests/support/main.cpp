#define CATCH_CONFIG_RUNNER
#include <cstdlib>
#include <new>

#include "catch.hpp"
#include "counted_new.hpp"

#if MILLRACE_COUNTS_ALLOCATIONS
// Once inlined, g++ takes these for mismatched pairs of new and free.
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    if (++allocation_count == failing_allocation) return nullptr;
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

int main(int argc, char** argv) { return Catch::Session().run(argc, argv); }
