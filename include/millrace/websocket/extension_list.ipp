#pragma once

#include <millrace/websocket/extension_list.hpp>

namespace millrace::websocket::detail {

MILLRACE_INLINE bool extension_scanner::take(char c) noexcept {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    skip_spaces();
    return true;
}

MILLRACE_INLINE std::string_view extension_scanner::take_token() noexcept {
    std::size_t size = 0;
    while (size != rest_.size() && http::is_token(rest_.substr(size, 1))) ++size;
    const auto token = rest_.substr(0, size);
    rest_.remove_prefix(size);
    skip_spaces();
    return token;
}

MILLRACE_INLINE std::optional<std::string> extension_scanner::take_value() {
    std::string value;
    if (rest_.empty() || rest_.front() != '"') {
        value = take_token();
    } else {
        std::size_t at = 1;
        for (; at < rest_.size() && rest_[at] != '"'; ++at) {
            if (rest_[at] == '\\') ++at;
            if (at < rest_.size()) value.push_back(rest_[at]);
        }
        if (at >= rest_.size()) return std::nullopt;
        rest_.remove_prefix(at + 1);
        skip_spaces();
    }
    if (!http::is_token(value)) return std::nullopt;
    return value;
}

}  // namespace millrace::websocket::detail

namespace millrace::websocket {

MILLRACE_INLINE std::optional<std::vector<extension>> parse_extensions(std::string_view value) {
    std::vector<extension> list;
    detail::extension_scanner scan{value};
    while (!scan.is_at_end()) {
        if (scan.take(',')) continue;
        extension one{scan.take_token(), {}};
        if (one.name.empty()) return std::nullopt;
        while (scan.take(';')) {
            extension_parameter parameter{scan.take_token(), {}};
            if (parameter.name.empty()) return std::nullopt;
            if (scan.take('=') && !(parameter.value = scan.take_value())) return std::nullopt;
            one.parameters.push_back(std::move(parameter));
        }
        list.push_back(std::move(one));
        if (!scan.is_at_end() && !scan.take(',')) return std::nullopt;
    }
    return list;
}

}  // namespace millrace::websocket
