#pragma once

#include <millrace/client/detail/upgrade.hpp>

namespace millrace::detail {

MILLRACE_INLINE client_upgrade::client_upgrade(const http::url& to, const client_options& options)
    : host_{to.authority()},
      target_{to.target},
      subprotocols_{options.subprotocols.begin(), options.subprotocols.end()},
      compression_{options.compression.get()} {
    for (const auto& name : subprotocols_)
        require(http::is_token(name) &&
                    std::count(subprotocols_.begin(), subprotocols_.end(), name) == 1,
                "a subprotocol", name);
    if (!options.bearer_token.empty())
        add_header("Authorization", "Bearer " + options.bearer_token);
    for (const auto& [name, value] : options.headers) {
        require(http::is_token(name) && !is_reserved(name), "a header", name);
        add_header(name, value);
    }
}

MILLRACE_INLINE websocket::upgrade_answer client_upgrade::read(std::string_view head,
                                                               std::string_view key) const {
    auto answer = websocket::read_upgrade_response(head, key, offer());
    if (answer.error == errc::upgrade_required) {
        int status = 0;
        const char* const digits = head.data() + std::string_view{"HTTP/1.1 "}.size();
        std::from_chars(digits, digits + 3, status);
        answer.error = http::status_error(status);
    }
    return answer;
}

MILLRACE_INLINE void client_upgrade::require(bool is_good, std::string_view what,
                                             std::string_view name) {
    if (!is_good)
        throw std::invalid_argument("millrace: no client may send " + std::string{what} +
                                    " like \"" + std::string{name} + "\"");
}

MILLRACE_INLINE bool client_upgrade::is_reserved(std::string_view name) {
    constexpr std::array<std::string_view, 5> all{"Host", "Upgrade", "Connection", "Content-Length",
                                                  "Transfer-Encoding"};
    constexpr std::string_view prefix = "Sec-WebSocket-";
    return http::iequals(name.substr(0, prefix.size()), prefix) ||
           std::any_of(all.begin(), all.end(),
                       [&](auto each) { return http::iequals(each, name); });
}

MILLRACE_INLINE void client_upgrade::add_header(std::string_view name, std::string_view value) {
    require(value.find_first_of("\r\n") == std::string_view::npos && !http::has_bad_control(value),
            "a value of", name);
    headers_.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace millrace::detail
