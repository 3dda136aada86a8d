#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <millrace/codec/json_members.hpp>
#include <millrace/core/detail/compiled.hpp>
#include <millrace/endpoint/connection.hpp>
#include <millrace/endpoint/detail/routes/route.hpp>
#include <millrace/websocket/close_code.hpp>
#include <millrace/websocket/frame_header.hpp>

namespace millrace::detail {

/// The token of {"token":"..."}; nothing for any other text, and for a token that no header could
/// hold.
[[nodiscard]] std::optional<std::string> parse_token_message(std::string_view text);

/// What a connection speaks to until its first message has shown a token: nothing is sent to it,
/// and of what it sends nothing reaches `behind`.
class token_gate final : public route {
public:
    /// `judge(token)` decides what becomes of the connection, which is not read until then.
    token_gate(route& behind, std::function<void(const std::string& token)> judge)
        : behind_{behind}, judge_{std::move(judge)} {}

    [[nodiscard]] route& behind() const noexcept { return behind_; }

    void on_message(connection& from, websocket::opcode op, std::span<char> payload) override;

private:
    route& behind_;
    std::function<void(const std::string&)> judge_;
};

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/endpoint/detail/sessions/token_gate.ipp>
#endif
