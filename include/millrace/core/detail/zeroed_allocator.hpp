#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

#include <millrace/core/detail/mapped_memory.hpp>

namespace millrace::detail {

/// Memory that is zero, and that costs nothing before it is used, aligned as its type asks: for
/// vectors of what is 0 at first.
template <class T>
struct zeroed_allocator {
    using value_type = T;

    zeroed_allocator() = default;
    template <class Other>
    zeroed_allocator(const zeroed_allocator<Other>&) noexcept {}

    [[nodiscard]] T* allocate(std::size_t count) {
        if (count >= PTRDIFF_MAX / sizeof(T)) throw std::bad_alloc{};
        if (is_mapped(count)) return static_cast<T*>(mapped_memory::map(count * sizeof(T)));
        void* const memory = std::calloc(1, count * sizeof(T) + alignof(T));
        if (memory == nullptr) throw std::bad_alloc{};
        // Before what is aligned there is room for where the memory begins.
        char* const at = static_cast<char*>(memory) + alignof(T) -
                         reinterpret_cast<std::uintptr_t>(memory) % alignof(T);
        std::memcpy(at - sizeof memory, &memory, sizeof memory);
        return reinterpret_cast<T*>(at);
    }
    void deallocate(T* at, std::size_t count) noexcept {
        if (is_mapped(count)) return mapped_memory::unmap(at, count * sizeof(T));
        void* memory = nullptr;
        std::memcpy(&memory, reinterpret_cast<char*>(at) - sizeof memory, sizeof memory);
        std::free(memory);
    }
    void construct(T*) noexcept {}
    void construct(T* at, const T& from) noexcept { *at = from; }

    friend bool operator==(const zeroed_allocator&, const zeroed_allocator&) { return true; }

private:
    static constexpr bool is_mapped(std::size_t count) noexcept {
        return count >= 2 * mapped_memory::huge_page / sizeof(T);
    }

    static_assert(alignof(T) >= 2 * sizeof(void*));
};

}  // namespace millrace::detail
