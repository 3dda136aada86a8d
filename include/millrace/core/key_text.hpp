#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <millrace/core/composite_key.hpp>
#include <millrace/core/schema.hpp>

namespace millrace::detail {

template <class Number>
[[nodiscard]] std::optional<Number> number_from(std::string_view text) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

template <class Key>
[[nodiscard]] std::optional<Key> composite_key_from(std::string_view key_text);

/// The key that a query means by `text`; empty when no key is written so.
template <class Key>
[[nodiscard]] std::optional<Key> key_from(std::string_view key_text) {
    if constexpr (text<Key>) {
        return Key{key_text};
    } else if constexpr (named_enum<Key>) {
        return schema<Key>.find(key_text);
    } else if constexpr (std::same_as<Key, bool>) {
        if (key_text != "true" && key_text != "false") return std::nullopt;
        return key_text == "true";
    } else if constexpr (std::integral<Key>) {
        using wide = std::conditional_t<std::signed_integral<Key>, std::int64_t, std::uint64_t>;
        const auto number = number_from<wide>(key_text);
        if (!number || static_cast<wide>(static_cast<Key>(*number)) != *number) return std::nullopt;
        return static_cast<Key>(*number);
    } else if constexpr (std::same_as<Key, timestamp>) {
        return parse_rfc3339(key_text);
    } else if constexpr (is_composite_key<Key>) {
        return composite_key_from<Key>(key_text);
    } else {
        return std::nullopt;
    }
}

template <class Key>
std::optional<Key> composite_key_from(std::string_view key_text) {
    const std::vector<std::string> written = parts_from(key_text);
    if (written.size() != Key::size) return std::nullopt;
    Key key;
    auto each = written.begin();
    const auto read = [&each]<class Part>(Part& part) {
        std::optional<Part> found = key_from<Part>(*each++);
        if (found) part = std::move(*found);
        return found.has_value();
    };
    const bool is_key = std::apply([&](auto&... parts) { return (read(parts) && ...); }, key.parts);
    return is_key ? std::optional{std::move(key)} : std::nullopt;
}

}  // namespace millrace::detail
