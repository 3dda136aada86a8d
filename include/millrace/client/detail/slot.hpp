#pragma once

#include <cstddef>
#include <new>
#include <utility>

namespace millrace::detail {

/// Memory for one handler that is posted to an io_context, again and again, without an allocation;
/// Asio by itself allocates for what other threads post. Only one handler may be under way at a
/// time, and it must keep the slot alive. Its memory is free before it is called.
class client_slot {
public:
    client_slot() = default;
    client_slot(const client_slot&) = delete;
    client_slot& operator=(const client_slot&) = delete;

    /// What a handler that is larger than the slot gets is allocated.
    template <class T>
    class allocator {
    public:
        using value_type = T;

        explicit allocator(client_slot& slot) noexcept : slot_{&slot} {}
        template <class U>
        allocator(const allocator<U>& other) noexcept : slot_{other.slot_} {}

        [[nodiscard]] T* allocate(std::size_t count) {
            void* const memory = fits(count) ? slot_->memory_ : ::operator new(count * sizeof(T));
            return static_cast<T*>(memory);
        }
        void deallocate(T* memory, std::size_t count) noexcept {
            if (!fits(count)) ::operator delete(memory);
        }

        bool operator==(const allocator&) const = default;

    private:
        template <class U>
        friend class allocator;

        [[nodiscard]] static bool fits(std::size_t count) noexcept {
            return count * sizeof(T) <= sizeof memory_;
        }

        client_slot* slot_;
    };

    /// `f`, which is called without arguments, in this slot.
    template <class Function>
    class handler {
    public:
        using allocator_type = allocator<std::byte>;

        handler(client_slot& slot, Function f) : slot_{&slot}, function_{std::move(f)} {}

        void operator()() { function_(); }
        [[nodiscard]] allocator_type get_allocator() const noexcept {
            return allocator_type{*slot_};
        }

    private:
        client_slot* slot_;
        Function function_;
    };

private:
    alignas(std::max_align_t) std::byte memory_[256];
};

}  // namespace millrace::detail
