#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <new>
#include <system_error>
#include <type_traits>
#include <utility>

namespace millrace::detail {

/// A function that takes an error code, movable only. What fits into 32 bytes is kept in place.
class callback {
public:
    callback() = default;

    template <class F>
    requires(!std::same_as<F, callback>) explicit callback(F f) {
        if constexpr (fits<F>) {
            ::new (static_cast<void*>(&place_)) F{std::move(f)};
            kind_ = &kind_of<F>;
        } else {
            *this = callback{[kept = std::make_unique<F>(std::move(f))](std::error_code error) {
                (*kept)(error);
            }};
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
        void (*call)(void* f, std::error_code);
        void (*move)(void* from, void* to) noexcept;  ///< destroys what it leaves
        void (*destroy)(void* f) noexcept;
    };

    template <class F>
    static constexpr bool fits =
        sizeof(F) <= max_bytes_in_place &&
        alignof(F) <= alignof(std::max_align_t) && std::is_nothrow_move_constructible_v<F>;

    template <class F>
    static constexpr kind kind_of{
        [](void* f, std::error_code error) { (*static_cast<F*>(f))(error); },
        [](void* from, void* to) noexcept {
            ::new (to) F{std::move(*static_cast<F*>(from))};
            static_cast<F*>(from)->~F();
        },
        [](void* f) noexcept { static_cast<F*>(f)->~F(); }};

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
