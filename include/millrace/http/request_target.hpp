#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/http/text.hpp>

namespace millrace::http {

namespace detail {

[[nodiscard]] constexpr int hex_value(char c) noexcept {
    if (is_digit(c)) return c - '0';
    const char lower = ascii_lower(c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace detail

/// Decodes `%XX` (RFC 3986, section 2.1), and `+` to a space where `plus_is_space`, as forms write
/// it. Nothing when a `%` is not followed by two hexadecimal digits or stands for NUL.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text,
                                                        bool plus_is_space = false);

/// A request's target, taken apart (RFC 9112, section 3.2: origin form, or absolute form).
class request_target {
public:
    request_target() = default;

    /// Nothing for a target of another form, with a space, a fragment, a control or non-ASCII
    /// character or a bad percent escape, for an absolute form of another scheme than http, https,
    /// ws and wss or without a host, and for a path that, decoded, has a `.` or `..` segment.
    [[nodiscard]] static std::optional<request_target> parse(std::string_view text);

    /// Host and port of an absolute form, as they were sent; empty for origin form.
    [[nodiscard]] const std::string& authority() const noexcept { return authority_; }

    /// As it was sent.
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

    /// Percent-decoded; begins with a slash and has no `.` or `..` segment and no NUL.
    [[nodiscard]] const std::string& path() const noexcept { return path_; }

    /// What follows the first question mark, as it was sent.
    [[nodiscard]] const std::string& query() const noexcept { return query_; }

    /// The first value of a query parameter, decoded; nothing when it is absent.
    [[nodiscard]] std::optional<std::string> query(std::string_view name) const;

    /// How often a query parameter is given, with or without a value.
    [[nodiscard]] std::size_t query_count(std::string_view name) const;

private:
    [[nodiscard]] static bool is_scheme(std::string_view text) noexcept;

    [[nodiscard]] static bool has_dot_segment(std::string_view path) noexcept;

    std::string text_;
    std::string authority_;
    std::string path_;
    std::string query_;
};

}  // namespace millrace::http

#ifndef MILLRACE_COMPILED
#include <millrace/http/request_target.ipp>
#endif
