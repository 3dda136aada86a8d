#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include <millrace/core/hash.hpp>
#include <millrace/core/schema.hpp>

namespace millrace::detail {

[[nodiscard]] constexpr std::uint64_t load_bytes(const char* from, std::size_t count) noexcept {
    if (!std::is_constant_evaluated()) return count == 8 ? load_64(from) : load_32(from);
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < count; ++i) {
        word |= std::uint64_t{static_cast<unsigned char>(from[i])} << 8 * i;
    }
    return word;
}

/// A name's size with its first and last bytes: all of a name of up to 16 bytes, in three words
/// that compare without a call.
struct name_key {
    std::size_t size = 0;
    std::uint64_t first = 0;
    std::uint64_t last = 0;

    constexpr name_key() = default;
    constexpr explicit name_key(std::string_view name) noexcept : size{name.size()} {
        const char* const at = name.data();
        if (size >= 8) {
            first = load_bytes(at, 8);
            last = load_bytes(at + size - 8, 8);
        } else if (size >= 4) {
            first = load_bytes(at, 4);
            last = load_bytes(at + size - 4, 4);
        } else {
            for (std::size_t i = 0; i < size; ++i) {
                first = first << 8 | static_cast<unsigned char>(at[i]);
            }
        }
    }

    friend constexpr bool operator==(const name_key&, const name_key&) = default;
};

/// Finds a field of `T` by its name in the schema.
template <described T>
class field_names {
public:
    static constexpr std::size_t size = schema<T>.size;

    /// The field's position, or `size`. The field at `expected` is compared first: most senders
    /// write the members in one order.
    [[nodiscard]] static std::size_t find(std::string_view name, std::size_t expected) noexcept {
        const name_key key{name};
        if (expected < size && matches(expected, key, name)) return expected;
        for (std::size_t i = 0; i < size; ++i) {
            if (matches(i, key, name)) return i;
        }
        return size;
    }

private:
    static constexpr std::array<std::string_view, size> names = schema<T>.names();
    static constexpr std::array<name_key, size> keys = [] {
        std::array<name_key, size> all{};
        for (std::size_t i = 0; i < size; ++i) all[i] = name_key{names[i]};
        return all;
    }();

    [[nodiscard]] static bool matches(std::size_t i, const name_key& key,
                                      std::string_view name) noexcept {
        return keys[i] == key && (key.size <= 16 || names[i] == name);
    }
};

}  // namespace millrace::detail
