#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <millrace/client/options.hpp>
#include <millrace/core/detail/compiled.hpp>
#include <millrace/core/error.hpp>
#include <millrace/http/status_error.hpp>
#include <millrace/http/text.hpp>
#include <millrace/http/url.hpp>
#include <millrace/websocket/client_handshake.hpp>

namespace millrace::detail {

/// The opening handshake as a client's settings ask for it.
class client_upgrade {
public:
    /// `options` must outlive this.
    /// @throws std::invalid_argument for what may not stand in an HTTP head.
    client_upgrade(const http::url& to, const client_options& options);

    [[nodiscard]] std::string request(std::string_view key) const {
        return websocket::make_upgrade_request(host_, target_, key, headers_, offer());
    }

    /// What the server's answer means; another status than 101 is an `http::status_error`.
    [[nodiscard]] websocket::upgrade_answer read(std::string_view head, std::string_view key) const;

private:
    static void require(bool is_good, std::string_view what, std::string_view name);

    /// What the handshake itself says.
    [[nodiscard]] static bool is_reserved(std::string_view name);

    void add_header(std::string_view name, std::string_view value);

    [[nodiscard]] websocket::upgrade_offer offer() const { return {subprotocols_, compression_}; }

    std::string host_;
    std::string target_;
    std::string headers_;
    std::vector<std::string_view> subprotocols_;
    const websocket::compression* compression_;
};

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/client/detail/upgrade.ipp>
#endif
