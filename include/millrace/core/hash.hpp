#pragma once

#include <concepts>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

namespace millrace {

namespace detail {

[[nodiscard]] inline std::uint64_t load_64(const char* from) noexcept {
    std::uint64_t word;
    std::memcpy(&word, from, sizeof word);
    return word;
}

[[nodiscard]] inline std::uint64_t load_32(const char* from) noexcept {
    std::uint32_t word;
    std::memcpy(&word, from, sizeof word);
    return word;
}

inline constexpr std::uint64_t hash_odd_1 = 0x9E3779B97F4A7C15;  // 2^64 / golden ratio
inline constexpr std::uint64_t hash_odd_2 = 0xD1B54A32D192ED03;  // 2^64 / plastic number^2

struct word_pair {
    std::uint64_t low;
    std::uint64_t high;
};

[[nodiscard]] constexpr word_pair multiply(std::uint64_t a, std::uint64_t b) noexcept {
    __extension__ using wide = unsigned __int128;
    const wide product = static_cast<wide>(a) * b;
    return {static_cast<std::uint64_t>(product), static_cast<std::uint64_t>(product >> 64)};
}

[[nodiscard]] constexpr std::uint64_t fold_multiply(std::uint64_t a, std::uint64_t b) noexcept {
    const word_pair product = multiply(a, b);
    return product.low ^ product.high;
}

/// Mixes two words into a hash. Folding their product alone would let alike words collide; all
/// 128 bits of it go into a second product.
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t a, std::uint64_t b) noexcept {
    const word_pair product = multiply(a, b);
    return fold_multiply(product.low ^ hash_odd_1, product.high ^ hash_odd_2);
}

}  // namespace detail

/// A fast hash of keys (not against an adversary who chooses them), the same on every run.
/// Complexity: two multiplications, and one for each further 16 bytes of a string.
struct key_hash {
    using is_transparent = void;

    [[nodiscard]] std::size_t operator()(std::string_view text) const noexcept {
        using namespace detail;
        const char* at = text.data();
        const std::size_t size = text.size();
        // Not the bare size: it would undo a difference in the last character.
        std::uint64_t state = hash_odd_2 ^ size * hash_odd_1;
        std::uint64_t low = 0, high = 0;
        if (size > 16) {
            for (std::size_t i = 0; i + 16 < size; i += 16) {
                state = fold_multiply(load_64(at + i) ^ hash_odd_1, load_64(at + i + 8) ^ state);
            }
            low = load_64(at + size - 16);
            high = load_64(at + size - 8);
        } else if (size >= 8) {
            low = load_64(at);
            high = load_64(at + size - 8);
        } else if (size >= 4) {
            low = load_32(at);
            high = load_32(at + size - 4);
        } else if (size > 0) {
            low = static_cast<unsigned char>(at[0]);
            high = static_cast<std::uint64_t>(static_cast<unsigned char>(at[size / 2])) << 8 |
                   static_cast<unsigned char>(at[size - 1]);
        }
        return mix(low ^ hash_odd_1, high ^ state);
    }

    template <class Number>
    requires(std::integral<Number> || std::is_enum_v<Number>) [[nodiscard]] std::size_t operator()(
        Number number) const noexcept {
        return detail::mix(static_cast<std::uint64_t>(number) ^ detail::hash_odd_1,
                           detail::hash_odd_2);
    }
};

/// Compares a stored key with the form in which an event carries it.
struct key_equal {
    using is_transparent = void;

    template <class A, class B>
    [[nodiscard]] bool operator()(const A& a, const B& b) const noexcept {
        return a == b;
    }
};

}  // namespace millrace
