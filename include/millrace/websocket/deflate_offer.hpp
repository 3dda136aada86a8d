#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/websocket/deflate_options.hpp>
#include <millrace/websocket/extension_list.hpp>

namespace millrace::websocket {

/// The parameters of permessage-deflate (RFC 7692, section 7.1), in an offer or an answer.
struct deflate_parameters {
    bool server_no_context_takeover = false;
    bool client_no_context_takeover = false;
    std::optional<int> server_max_window_bits{};
    /// In an offer without a value: 15, which means the same.
    std::optional<int> client_max_window_bits{};

    bool operator==(const deflate_parameters&) const = default;

    [[nodiscard]] int server_bits() const noexcept { return server_max_window_bits.value_or(15); }
    [[nodiscard]] int client_bits() const noexcept { return client_max_window_bits.value_or(15); }
};

namespace detail {

inline constexpr std::string_view deflate_name = "permessage-deflate";

/// 8 to 15 without a leading zero (RFC 7692, section 7.1.2.1); nothing for anything else.
[[nodiscard]] std::optional<int> parse_window_bits(const std::optional<std::string>& text);

/// What `e` says, or nothing when it is another extension, or has an unknown parameter, one that is
/// given twice, or a value that is wrong for its parameter. Only an offer may name
/// client_max_window_bits without a value.
[[nodiscard]] std::optional<deflate_parameters> parse_deflate(const extension& e, bool is_offer);

}  // namespace detail

/// A value of Sec-WebSocket-Extensions.
[[nodiscard]] std::string to_header(const deflate_parameters& p);

/// What a client asks for. It names client_max_window_bits in any case, so that the server may
/// answer with it.
[[nodiscard]] deflate_parameters make_deflate_offer(const deflate_options& options);

/// The server's answer to the first of the offers that it understands whole; nothing to decline
/// them all. It grants what is asked for, and asks for less memory where `options` do.
[[nodiscard]] std::optional<deflate_parameters> accept_deflate_offer(
    std::string_view offers, const deflate_options& options);

/// What a server's answer agrees to; nothing when it may not answer `offer` so: it names another
/// extension or two, it does not grant what was asked of the server, or it asks the client for a
/// window that it did not say it can limit.
[[nodiscard]] std::optional<deflate_parameters> confirm_deflate_answer(
    std::string_view value, const deflate_parameters& offer);

}  // namespace millrace::websocket

#ifndef MILLRACE_COMPILED
#include <millrace/websocket/deflate_offer.ipp>
#endif
