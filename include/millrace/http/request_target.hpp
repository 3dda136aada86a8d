#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

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
[[nodiscard]] inline std::optional<std::string> percent_decode(std::string_view text,
                                                               bool plus_is_space = false) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i != text.size(); ++i) {
        if (text[i] != '%') {
            out.push_back(plus_is_space && text[i] == '+' ? ' ' : text[i]);
            continue;
        }
        if (text.size() - i < 3) return std::nullopt;
        const int high = detail::hex_value(text[i + 1]);
        const int low = detail::hex_value(text[i + 2]);
        if (high < 0 || low < 0 || high + low == 0) return std::nullopt;
        out.push_back(static_cast<char>(high * 16 + low));
        i += 2;
    }
    return out;
}

/// A request's target, taken apart (RFC 9112, section 3.2: origin form, or absolute form).
class request_target {
public:
    request_target() = default;

    /// Nothing for a target of another form, with a space, a fragment, a control or non-ASCII
    /// character or a bad percent escape, for an absolute form of another scheme than http, https,
    /// ws and wss or without a host, and for a path that, decoded, has a `.` or `..` segment.
    [[nodiscard]] static std::optional<request_target> parse(std::string_view text) {
        request_target target;
        target.text_ = text;
        const bool bad = std::any_of(text.begin(), text.end(),
                                     [](char c) { return c <= ' ' || c > '~' || c == '#'; });
        if (bad) return std::nullopt;
        const bool is_absolute = !text.starts_with('/');
        if (is_absolute) {
            if (!is_scheme(split_off(text, "://"))) return std::nullopt;
            target.authority_ = text.substr(0, text.find_first_of("/?"));
            text.remove_prefix(target.authority_.size());
            if (target.authority_.empty() || target.authority_.front() == ':') return std::nullopt;
        }
        auto path = percent_decode(split_off(text, "?"));
        if (is_absolute && path && path->empty()) path = "/";  // RFC 9110, section 4.2.3
        if (!path || has_dot_segment(*path) || !percent_decode(text)) return std::nullopt;
        target.path_ = *std::move(path);
        target.query_ = text;
        return target;
    }

    /// Host and port of an absolute form, as they were sent; empty for origin form.
    [[nodiscard]] const std::string& authority() const noexcept { return authority_; }

    /// As it was sent.
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

    /// Percent-decoded; begins with a slash and has no `.` or `..` segment and no NUL.
    [[nodiscard]] const std::string& path() const noexcept { return path_; }

    /// What follows the first question mark, as it was sent.
    [[nodiscard]] const std::string& query() const noexcept { return query_; }

    /// The first value of a query parameter, decoded; nothing when it is absent.
    [[nodiscard]] std::optional<std::string> query(std::string_view name) const {
        std::string_view rest = query_;
        while (!rest.empty()) {
            std::string_view value = split_off(rest, "&");
            const auto key = percent_decode(split_off(value, "="), true);
            if (key == name) return percent_decode(value, true);
        }
        return std::nullopt;
    }

    /// How often a query parameter is given, with or without a value.
    [[nodiscard]] std::size_t query_count(std::string_view name) const {
        std::size_t count = 0;
        for (std::string_view rest = query_; !rest.empty();) {
            std::string_view parameter = split_off(rest, "&");
            if (percent_decode(split_off(parameter, "="), true) == name) ++count;
        }
        return count;
    }

private:
    [[nodiscard]] static bool is_scheme(std::string_view text) noexcept {
        return iequals(text, "http") || iequals(text, "https") || iequals(text, "ws") ||
               iequals(text, "wss");
    }

    [[nodiscard]] static bool has_dot_segment(std::string_view path) noexcept {
        while (!path.empty()) {
            const auto segment = split_off(path, "/");
            if (segment == "." || segment == "..") return true;
        }
        return false;
    }

    std::string text_;
    std::string authority_;
    std::string path_;
    std::string query_;
};

}  // namespace millrace::http
