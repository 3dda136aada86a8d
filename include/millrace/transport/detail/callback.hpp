#pragma once

#include <concepts>
#include <cstddef>
#include <new>
#include <system_error>
#include <type_traits>
#include <utility>

namespace millrace::detail {

/// A function that takes an error code, or one that takes nothing and is not told of it; movable
/// only. What fits into 32 bytes is kept in place.
class callback {
public:
    callback() = default;

    template <class F>
    requires(!std::same_as<F, callback> &&
             (std::invocable<F&, std::error_code> || std::invocable<F&>)) callback(F f) {
        if constexpr (fits<F>) {
            ::new (static_cast<void*>(&place_)) F(std::move(f));
            kind_ = &kind_in_place<F>;
        } else {
            ::new (static_cast<void*>(&place_)) void*(new F(std::move(f)));
            kind_ = &kind_elsewhere<F>;
        }
    }

    callback(callback&& other) noexcept { take(other); }
    callback& operator=(callback&& other) noexcept {
        if (this != &other) {
            reset();
            take(other);
        }
        return *this;
    }
    ~callback() { reset(); }

    explicit operator bool() const noexcept { return kind_ != nullptr; }
    void operator()(std::error_code error) { kind_->call(&place_, error); }

private:
    static constexpr std::size_t max_bytes_in_place = 32;

    struct kind {
        void (*call)(void* place, std::error_code);
        void (*move)(void* from, void* to) noexcept;  ///< destroys what it leaves
        void (*destroy)(void* place) noexcept;
    };

    template <class F>
    static constexpr bool fits =
        sizeof(F) <= max_bytes_in_place &&
        alignof(F) <= alignof(std::max_align_t) && std::is_nothrow_move_constructible_v<F>;

    template <class F>
    static void call(F& f, std::error_code error) {
        if constexpr (std::invocable<F&, std::error_code>) {
            f(error);
        } else {
            f();
        }
    }

    template <class F>
    static constexpr kind kind_in_place{
        [](void* place, std::error_code error) { call(*static_cast<F*>(place), error); },
        [](void* from, void* to) noexcept {
            ::new (to) F(std::move(*static_cast<F*>(from)));
            static_cast<F*>(from)->~F();
        },
        [](void* place) noexcept { static_cast<F*>(place)->~F(); }};

    static void move_pointer(void* from, void* to) noexcept {
        ::new (to) void*(*static_cast<void**>(from));
    }

    template <class F>
    static constexpr kind kind_elsewhere{
        [](void* place, std::error_code error) { call(**static_cast<F**>(place), error); },
        &move_pointer, [](void* place) noexcept { delete *static_cast<F**>(place); }};

    void take(callback& other) noexcept {
        kind_ = std::exchange(other.kind_, nullptr);
        if (kind_) kind_->move(&other.place_, &place_);
    }

    void reset() noexcept {
        if (const kind* const old = std::exchange(kind_, nullptr)) old->destroy(&place_);
    }

    alignas(std::max_align_t) std::byte place_[max_bytes_in_place];
    const kind* kind_ = nullptr;
};

}  // namespace millrace::detail
