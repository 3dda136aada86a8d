#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <millrace/codec/plain_string.hpp>
#include <millrace/core/hash.hpp>

namespace millrace::detail {

/// What stood in front of a value of the object before: a comma, the member's name, a colon, and
/// white space where there was any.
class expected_member {
public:
    /// Nothing, until it learns.
    expected_member() = default;

    /// The first byte behind the same text at `at`; null where another is.
    [[nodiscard]] const char* match(const char* at, json_bytes in) const noexcept {
        const std::ptrdiff_t left = in.end + 1 - at;
        if (left < 16 || differs(at, 0)) return nullptr;
        if (size_ > 16 && (left < longest || differs(at, 2))) return nullptr;
        return at + size_;
    }

    [[nodiscard]] std::size_t field() const noexcept { return field_; }

    /// Keeps the text from `at` to `end`, unless it is too long, in front of a value of `field`.
    void learn(const char* at, const char* end, std::size_t field) noexcept {
        const std::ptrdiff_t size = end - at;
        if (size > longest) return;
        text_ = mask_ = {};
        std::memcpy(text_.data(), at, static_cast<std::size_t>(size));
        std::memset(mask_.data(), 0xFF, static_cast<std::size_t>(size));
        size_ = size;
        field_ = field;
    }

private:
    static constexpr std::ptrdiff_t longest = 32;

    /// Whether two words from the one numbered `first` on are others than in the text at `at`.
    [[nodiscard]] bool differs(const char* at, std::size_t first) const noexcept {
        const auto difference = [&](std::size_t i) {
            return (load_64(at + 8 * i) & mask_[i]) ^ text_[i];
        };
        return (difference(first) | difference(first + 1)) != 0;
    }

    std::array<std::uint64_t, longest / 8> text_{1};
    std::array<std::uint64_t, longest / 8> mask_{};  // with it no text is as the above
    std::ptrdiff_t size_ = 0;
    std::size_t field_ = 0;
};

/// The members of the object before. Most senders write the same ones in the same order, so that
/// what is in front of a value mostly is what was there before, and is compared by words. It is a
/// guess, which each text confirms or not.
class member_order {
public:
    [[nodiscard]] expected_member* begin() noexcept { return members_.data(); }

    /// Stands for all members behind the sixteenth, and is to learn nothing.
    [[nodiscard]] expected_member* end() noexcept { return members_.data() + members_.size() - 1; }

private:
    std::array<expected_member, 17> members_{};
};

}  // namespace millrace::detail
