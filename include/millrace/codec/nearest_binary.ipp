#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <limits>

#include <millrace/codec/nearest_binary.hpp>
#include <millrace/core/hash.hpp>

namespace millrace::detail {

/// A number of 256 bits, the lowest word first, whose highest bit is set.
class long_significand {
public:
    void multiply_by_5() noexcept {
        std::uint64_t carry = 0;
        for (std::uint64_t& word : words_) {
            const word_pair product = multiply(word, 5);
            word = product.low + carry;
            carry = product.high + (word < carry ? 1 : 0);
        }
        // Five is more than four and less than eight: the product is two or three bits longer.
        const int longer = 64 - std::countl_zero(carry);
        for (std::size_t i = 0; i < words_.size(); ++i) {
            const std::uint64_t above = i + 1 < words_.size() ? words_[i + 1] : carry;
            words_[i] = words_[i] >> longer | above << (64 - longer);
        }
    }

    void divide_by_5() noexcept {
        std::uint64_t rest = 0;
        for (std::size_t i = words_.size(); i-- > 0;) {
            __extension__ using wide = unsigned __int128;
            const wide dividend = wide{rest} << 64 | words_[i];
            words_[i] = static_cast<std::uint64_t>(dividend / 5);
            rest = static_cast<std::uint64_t>(dividend % 5);
        }
        const int shorter = std::countl_zero(words_.back());
        for (std::size_t i = words_.size(); i-- > 0;) {
            const std::uint64_t below = i > 0 ? words_[i - 1] : 0;
            words_[i] = words_[i] << shorter | below >> (64 - shorter);
        }
    }

    [[nodiscard]] word_pair highest() const noexcept { return {words_[2], words_[3]}; }

private:
    std::array<std::uint64_t, 4> words_{0, 0, 0, std::uint64_t{1} << 63};
};

inline constexpr int least_power_of_five = -342, greatest_power_of_five = 308;

/// The highest 128 bits of powers of five: of 5^q with q >= 0 and of those below 5^-27 cut off, of
/// the others rounded up, as the paper wants them.
class powers_of_five {
public:
    /// Made when first asked for, in microseconds: compilers take a third of a second for it.
    [[nodiscard]] static const powers_of_five& table() noexcept {
        static const powers_of_five all;
        return all;
    }

    [[nodiscard]] const word_pair& operator[](int power) const noexcept {
        return powers_[static_cast<std::size_t>(power - least_power_of_five)];
    }

private:
    powers_of_five() noexcept {
        const auto at = [&](int power) -> word_pair& {
            return powers_[static_cast<std::size_t>(power - least_power_of_five)];
        };
        long_significand positive, negative;
        for (int q = 0; q <= greatest_power_of_five; ++q, positive.multiply_by_5())
            at(q) = positive.highest();
        for (int q = -1; q >= least_power_of_five; --q) {
            negative.divide_by_5();
            at(q) = negative.highest();
            if (q >= -27 && ++at(q).low == 0) ++at(q).high;
        }
    }

    std::array<word_pair, greatest_power_of_five - least_power_of_five + 1> powers_;
};

/// How `T` is laid out (IEEE 754), and where digits * 10^exponent can lie halfway between two.
template <class T>
struct binary_format;
template <>
struct binary_format<double> {
    using bits = std::uint64_t;
    static constexpr int fraction_bits = 52, bias = 1023, max_exponent = 0x7FF;
    static constexpr int least_tie = -4, greatest_tie = 23;
};
template <>
struct binary_format<float> {
    using bits = std::uint32_t;
    static constexpr int fraction_bits = 23, bias = 127, max_exponent = 0xFF;
    static constexpr int least_tie = -17, greatest_tie = 10;
};

template <class T>
std::optional<T> nearest_binary(std::uint64_t digits, std::int64_t power_of_ten) noexcept {
    using format = binary_format<T>;
    constexpr std::uint64_t hidden_bit = std::uint64_t{1} << format::fraction_bits;
    if (digits == 0 || power_of_ten < least_power_of_five) return T{0};
    if (power_of_ten > greatest_power_of_five) return std::numeric_limits<T>::infinity();
    const int q = static_cast<int>(power_of_ten);
    const int leading_zeros = std::countl_zero(digits);
    digits <<= leading_zeros;

    const word_pair power = powers_of_five::table()[q];
    word_pair product = multiply(digits, power.high);
    constexpr int unused_bits = 64 - format::fraction_bits - 3;
    constexpr std::uint64_t unused = (std::uint64_t{1} << unused_bits) - 1;
    if ((product.high & unused) == unused) {
        const std::uint64_t more = multiply(digits, power.low).high;
        product.low += more;
        if (product.low < more) ++product.high;
        if (product.low == ~std::uint64_t{0} && (q < -27 || q > 55)) return std::nullopt;
    }

    // One bit more than the result has, by which it is rounded.
    const int highest_bit = static_cast<int>(product.high >> 63);
    std::uint64_t significand = product.high >> (highest_bit + unused_bits);
    // 217706 / 2^16 is log2(10), near enough for all q.
    int exponent = (217706 * q >> 16) + 63 + highest_bit - leading_zeros + format::bias;
    if (exponent <= 0) {
        if (exponent <= -63) return T{0};
        significand >>= 1 - exponent;
        significand = (significand + 1) >> 1;
        exponent = significand < hidden_bit ? 0 : 1;
    } else {
        const bool is_tie = product.low <= 1 && q >= format::least_tie &&
                            q <= format::greatest_tie && (significand & 3) == 1 &&
                            significand << (highest_bit + unused_bits) == product.high;
        significand = (significand + (is_tie ? 0 : 1)) >> 1;
        if (significand == hidden_bit << 1) {
            significand = hidden_bit;
            ++exponent;
        }
        if (exponent >= format::max_exponent) return std::numeric_limits<T>::infinity();
    }
    return std::bit_cast<T>(static_cast<typename format::bits>((significand & (hidden_bit - 1)) |
                                                               static_cast<std::uint64_t>(exponent)
                                                                   << format::fraction_bits));
}

MILLRACE_INLINE std::optional<double> nearest_double(std::uint64_t digits,
                                                     std::int64_t exponent) noexcept {
    return nearest_binary<double>(digits, exponent);
}

MILLRACE_INLINE std::optional<float> nearest_float(std::uint64_t digits,
                                                   std::int64_t exponent) noexcept {
    return nearest_binary<float>(digits, exponent);
}

}  // namespace millrace::detail
