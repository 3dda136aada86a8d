#pragma once

#include <concepts>
#include <cstdint>
#include <cstring>
#include <random>
#include <string_view>
#include <tuple>
#include <type_traits>

#include <millrace/core/composite_key.hpp>

namespace millrace::detail {

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

/// What a hash is drawn by; all of it random, and told to nobody.
struct hash_secret {
    std::uint64_t first, second, low, high, block;

    /// The same for all of this process.
    /// @throws std::runtime_error when the system has no random numbers
    [[nodiscard]] static const hash_secret& of_process() {
        static const hash_secret drawn = draw();
        return drawn;
    }

    [[nodiscard]] static hash_secret draw() {
        std::random_device source;
        const auto word = [&source] { return std::uint64_t{source()} << 32 | source(); };
        return {word(), word(), word(), word(), word()};
    }
};

/// A fast hash of keys that others choose: it depends on a secret that each process draws, without
/// which no set of keys can be found that collide, so it differs from run to run, and nothing that
/// is seen from outside may depend on it.
///
/// Two keys of up to 16 bytes, or of equal bytes before their last 16, meet in the first product
/// with a chance of 2^-64 (NH of UMAC: Black, Halevi, Krawczyk, Krovetz, Rogaway, CRYPTO 1999,
/// section 4), its 128 bits are folded by a second one, and longer texts are chained as in wyhash.
/// A factor of 0, by which a product would forget the other, needs a guess of 64 secret bits.
/// An integer is multiplied once, by an odd factor that is secret; a few factors spread integers in
/// even steps less evenly than chance would.
/// Complexity: two multiplications, and one for each further 16 bytes of a string.
class key_hash {
public:
    using is_transparent = void;

    key_hash() : key_hash{hash_secret::of_process()} {}
    explicit constexpr key_hash(const hash_secret& secret) noexcept : secret_{secret} {
        secret_.second |= 1;  // a factor
    }

    [[nodiscard, gnu::always_inline]] std::size_t operator()(std::string_view text) const noexcept {
        const char* at = text.data();
        const std::size_t size = text.size();
        std::uint64_t state = secret_.second;
        std::uint64_t low = 0, high = 0;
        if (size > 16) {
            for (std::size_t i = 0; i + 16 < size; i += 16) {
                state = fold_multiply(load_64(at + i) ^ secret_.block, load_64(at + i + 8) ^ state);
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
        return finish(multiply(low + secret_.first, high + state), size);
    }

    template <class Number>
    requires(std::integral<Number> || std::is_enum_v<Number>) [[nodiscard]] std::size_t operator()(
        Number number) const noexcept {
        return fold_multiply(static_cast<std::uint64_t>(number) ^ secret_.first, secret_.second);
    }

    /// Of a key of several parts: their hashes, multiplied one by one.
    template <class... Parts>
    [[nodiscard]] std::size_t operator()(const composite_key<Parts...>& key) const noexcept {
        std::size_t state = secret_.block;
        std::apply(
            [&](const auto&... each) {
                ((state = fold_multiply(state ^ secret_.low, (*this)(each) ^ secret_.high)), ...);
            },
            key.parts);
        return state;
    }

private:
    [[nodiscard]] std::size_t finish(word_pair product, std::size_t size) const noexcept {
        // Texts of different sizes may have the same words: the size is added to what differs.
        return fold_multiply(product.low ^ secret_.low, (product.high + size) ^ secret_.high);
    }

    hash_secret secret_;
};

/// Whether two texts of one size are the same; inline where they are short.
[[nodiscard, gnu::always_inline]] inline bool is_same_text(const char* a, const char* b,
                                                           std::size_t size) noexcept {
    if (size > 16) return std::memcmp(a, b, size) == 0;
    if (size >= 8)
        return ((load_64(a) ^ load_64(b)) | (load_64(a + size - 8) ^ load_64(b + size - 8))) == 0;
    if (size >= 4)
        return ((load_32(a) ^ load_32(b)) | (load_32(a + size - 4) ^ load_32(b + size - 4))) == 0;
    for (std::size_t i = 0; i < size; ++i)
        if (a[i] != b[i]) return false;
    return true;
}

/// Compares a stored key with the form in which an event carries it.
struct key_equal {
    using is_transparent = void;

    template <class A, class B>
    [[nodiscard, gnu::always_inline]] bool operator()(const A& a, const B& b) const noexcept {
        if constexpr (std::convertible_to<const A&, std::string_view> &&
                      std::convertible_to<const B&, std::string_view>) {
            const std::string_view stored{a}, sought{b};
            return stored.size() == sought.size() &&
                   is_same_text(stored.data(), sought.data(), stored.size());
        } else {
            return a == b;
        }
    }
};

}  // namespace millrace::detail
