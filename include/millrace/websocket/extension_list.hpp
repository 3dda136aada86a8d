#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/http/text.hpp>

namespace millrace::websocket {

/// One parameter of an extension, such as `client_max_window_bits` or `server_max_window_bits=10`.
struct extension_parameter {
    std::string_view name;
    std::optional<std::string> value;  ///< without the quotes, if it had any
};

/// One extension that is offered or agreed, such as `permessage-deflate;
/// server_max_window_bits=10`.
struct extension {
    std::string_view name;
    std::vector<extension_parameter> parameters;
};

namespace detail {

/// Takes a value apart from the left, skipping spaces and tabs between its parts.
class extension_scanner {
public:
    explicit extension_scanner(std::string_view text) : rest_{text} { skip_spaces(); }

    [[nodiscard]] bool is_at_end() const noexcept { return rest_.empty(); }

    bool take(char c) noexcept {
        if (rest_.empty() || rest_.front() != c) return false;
        rest_.remove_prefix(1);
        skip_spaces();
        return true;
    }

    /// Empty where no token is.
    std::string_view take_token() noexcept {
        std::size_t size = 0;
        while (size != rest_.size() && http::is_token(rest_.substr(size, 1))) ++size;
        const auto token = rest_.substr(0, size);
        rest_.remove_prefix(size);
        skip_spaces();
        return token;
    }

    /// A token, or one in quotes (RFC 6455, section 9.1).
    std::optional<std::string> take_value() {
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

private:
    void skip_spaces() noexcept {
        rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t"), rest_.size()));
    }

    std::string_view rest_;
};

}  // namespace detail

/// Takes a value of Sec-WebSocket-Extensions apart (RFC 6455, section 9.1); the names live as long
/// as `value` does. Nothing when it is malformed. Empty members of the list are skipped, since
/// proxies that join lines make them (RFC 9110, section 5.6.1).
[[nodiscard]] inline std::optional<std::vector<extension>> parse_extensions(
    std::string_view value) {
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
