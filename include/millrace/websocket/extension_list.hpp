#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/core/detail/compiled.hpp>
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

    bool take(char c) noexcept;

    /// Empty where no token is.
    std::string_view take_token() noexcept;

    /// A token, or one in quotes (RFC 6455, section 9.1).
    std::optional<std::string> take_value();

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
[[nodiscard]] std::optional<std::vector<extension>> parse_extensions(std::string_view value);

}  // namespace millrace::websocket

#ifndef MILLRACE_COMPILED
#include <millrace/websocket/extension_list.ipp>
#endif
