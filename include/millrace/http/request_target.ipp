#pragma once

#include <millrace/http/request_target.hpp>

namespace millrace::http {

MILLRACE_INLINE std::optional<std::string> percent_decode(std::string_view text,
                                                          bool plus_is_space) {
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

MILLRACE_INLINE std::optional<request_target> request_target::parse(std::string_view text) {
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

MILLRACE_INLINE std::optional<std::string> request_target::query(std::string_view name) const {
    std::string_view rest = query_;
    while (!rest.empty()) {
        std::string_view value = split_off(rest, "&");
        const auto key = percent_decode(split_off(value, "="), true);
        if (key == name) return percent_decode(value, true);
    }
    return std::nullopt;
}

MILLRACE_INLINE std::size_t request_target::query_count(std::string_view name) const {
    std::size_t count = 0;
    for (std::string_view rest = query_; !rest.empty();) {
        std::string_view parameter = split_off(rest, "&");
        if (percent_decode(split_off(parameter, "="), true) == name) ++count;
    }
    return count;
}

MILLRACE_INLINE bool request_target::is_scheme(std::string_view text) noexcept {
    return iequals(text, "http") || iequals(text, "https") || iequals(text, "ws") ||
           iequals(text, "wss");
}

MILLRACE_INLINE bool request_target::has_dot_segment(std::string_view path) noexcept {
    while (!path.empty()) {
        const auto segment = split_off(path, "/");
        if (segment == "." || segment == "..") return true;
    }
    return false;
}

}  // namespace millrace::http
