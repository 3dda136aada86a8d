#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>

#include <millrace/codec/number_text.hpp>
#include <millrace/core/key_text.hpp>
#include <millrace/core/record.hpp>
#include <millrace/core/schema.hpp>

namespace millrace {

namespace detail {

/// Appends the shortest decimal that reads back as the same number.
template <class Number>
requires std::is_arithmetic_v<Number>
void append_number(std::string& out, Number number) {
    char text[max_number_bytes];
    out.append(text, write_number(text, number));
}

}  // namespace detail

/// Appends the value as plain text: text as it is, a number in the shortest decimal that reads
/// back as the same, an enumeration by name (nothing for a value that its schema does not list),
/// a bool as true or false, a time as RFC 3339 or in its format's unit, nothing for an empty
/// optional.
template <class T>
requires scalar<unwrapped<T>>
void append_text(std::string& out, const T& value, time_format format = time_format::rfc3339) {
    if constexpr (is_optional<T>) {
        if (value) append_text(out, *value, format);
    } else if constexpr (text<T>) {
        out.append(value);
    } else if constexpr (named_enum<T>) {
        out.append(schema<T>.name_of(value));
    } else if constexpr (std::same_as<T, timestamp>) {
        if (format == time_format::rfc3339) {
            append_rfc3339(out, value);
        } else {
            detail::append_number(out, count_of(value, format));
        }
    } else if constexpr (std::same_as<T, bool>) {
        out.append(value ? "true" : "false");
    } else {
        detail::append_number(out, value);
    }
}

/// Appends a key: a scalar as plain text, one of several parts as `composite_key` says.
template <class Key>
void append_key_text(std::string& out, const Key& key) {
    if constexpr (is_composite_key<Key>) {
        const auto append = [&](const auto& part, std::string_view between) {
            const std::size_t begin = out.append(between).size();
            append_text(out, part);
            detail::escape_part(out, begin);
        };
        std::apply(
            [&](const auto& first, const auto&... more) {
                append(first, "");
                (append(more, "/"), ...);
            },
            key.parts);
    } else {
        append_text(out, key);
    }
}

/// Appends the value of the record's field of role `key` as plain text; nothing for a record
/// without a key. It is what storage and queries know the key by.
template <described Record>
void key_text(const Record& row, std::string& out) {
    if constexpr (detail::has_key_parts<Record>) {
        append_key_text(out, row.key);
    } else if constexpr (has_role<Record, field_role::key>) {
        append_text(out, field_of<field_role::key>(row));
    }
}

/// The one text of the key that `written` means: `7` where an integer is written as `007`. Empty
/// where no `Key` is written so.
template <class Key>
[[nodiscard]] std::optional<std::string> canonical_key([[maybe_unused]] std::string_view written) {
    std::optional<std::string> text;
    if constexpr (scalar<Key> || is_composite_key<Key>) {
        if (const auto key = detail::key_from<Key>(written)) append_key_text(text.emplace(), *key);
    }
    return text;
}

}  // namespace millrace
