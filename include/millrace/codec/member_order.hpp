#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <millrace/codec/plain_string.hpp>
#include <millrace/core/hash.hpp>

namespace millrace::detail {

/// What stood in front of each value of the object before: a comma, the member's name, a colon, and
/// white space where there was any. Most senders write the same members in the same order, so that
/// the next object mostly has the same there, and is compared by words. It is a guess that each
/// text confirms or not.
class member_order {
public:
    /// The first byte behind what introduced the value at `position`, where the same is at `at`,
    /// and that member's field. Else null.
    [[nodiscard]] const char* match(std::size_t position, const char* at, json_bytes in,
                                    std::size_t& field) const noexcept {
        if (position >= members_.size() || in.end + 1 - at < 16) return nullptr;
        const member& guess = members_[position];
        if (guess.differs(at, 0)) return nullptr;
        if (guess.size > 16 && (in.end + 1 - at < longest || guess.differs(at, 2))) return nullptr;
        field = guess.field;
        return at + guess.size;
    }

    /// Keeps the text from `at` to `end`, unless it is too long, as what introduces the value at
    /// `position`, of `field`.
    void learn(std::size_t position, const char* at, const char* end, std::size_t field) noexcept {
        const std::ptrdiff_t size = end - at;
        if (position >= members_.size() || size > longest) return;
        member& to = members_[position];
        to = {{}, {}, static_cast<std::uint32_t>(size), static_cast<std::uint32_t>(field)};
        std::memcpy(to.text.data(), at, static_cast<std::size_t>(size));
        std::memset(to.mask.data(), 0xFF, static_cast<std::size_t>(size));
    }

private:
    static constexpr std::ptrdiff_t longest = 32;

    struct member {
        std::array<std::uint64_t, longest / 8> text{1};
        std::array<std::uint64_t, longest / 8> mask{};  // before it has learned, nothing matches
        std::uint32_t size = 0;
        std::uint32_t field = 0;

        /// Whether two words from the one numbered `first` on are others than in the text at `at`.
        [[nodiscard]] bool differs(const char* at, std::size_t first) const noexcept {
            const auto difference = [&](std::size_t i) {
                return (load_64(at + 8 * i) & mask[i]) ^ text[i];
            };
            return (difference(first) | difference(first + 1)) != 0;
        }
    };
    std::array<member, 16> members_{};
};

}  // namespace millrace::detail
