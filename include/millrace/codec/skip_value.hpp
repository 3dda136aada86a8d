#pragma once

#include <algorithm>
#include <cstddef>

#include <millrace/codec/codec.hpp>
#include <millrace/codec/json_number.hpp>
#include <millrace/codec/json_token.hpp>
#include <millrace/codec/plain_string.hpp>
#include <millrace/core/detail/compiled.hpp>

namespace millrace::detail {

/// What `skip_value` may meet at most.
struct skip_limits {
    std::size_t depth;    ///< nested arrays and objects
    std::size_t members;  ///< of all nested objects together
    std::size_t string_bytes;
    std::size_t name_bytes;
};

/// The end of the string at `at`; null unless it is plain and of at most `max_bytes`.
[[nodiscard]] inline const char* skip_plain_string(const char* at, json_bytes in,
                                                   std::size_t max_bytes) noexcept {
    if (*at != '"') return nullptr;
    const char* const quote = end_of_plain_string(at + 1, in);
    if (quote == nullptr || static_cast<std::size_t>(quote - (at + 1)) > max_bytes) return nullptr;
    return quote + 1;
}

/// As `skip_value`, of a string, a number or a literal.
[[nodiscard]] inline const char* skip_scalar(const char* at, json_bytes in,
                                             const skip_limits& limits) noexcept {
    switch (*at) {
        case '"': return skip_plain_string(at, in, limits.string_bytes);
        case 't': return end_of_literal(at, "true");
        case 'f': return end_of_literal(at, "false");
        case 'n': return end_of_literal(at, "null");
        default: json_number number; return scan_number(at, in.end, number);
    }
}

/// As `skip_value`, of an array or an object.
[[nodiscard]] const char* skip_nested(const char* at, json_bytes in,
                                      const skip_limits& limits) noexcept;

/// The end of the JSON value (RFC 8259) at `at`; null where it is malformed, has escapes in a
/// string, or is beyond the limits.
[[nodiscard]] inline const char* skip_value(const char* at, json_bytes in,
                                            const skip_limits& limits) noexcept {
    if (*at == '"') return skip_plain_string(at, in, limits.string_bytes);
    if (*at == '{' || *at == '[') return skip_nested(at, in, limits);
    return skip_scalar(at, in, limits);
}

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/codec/skip_value.ipp>
#endif
