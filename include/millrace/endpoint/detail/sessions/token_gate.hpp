#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <millrace/codec/json_members.hpp>
#include <millrace/endpoint/connection.hpp>
#include <millrace/endpoint/detail/routes/route.hpp>
#include <millrace/websocket/close_code.hpp>
#include <millrace/websocket/frame_header.hpp>

namespace millrace::detail {

/// The token of {"token":"..."}; nothing for any other text, and for a token that no header could
/// hold.
[[nodiscard]] inline std::optional<std::string> parse_token_message(std::string_view text) {
    std::optional<std::string> token;
    bool is_good = true;
    const auto error = read_json_members(std::string{text}, [&](const json_member& member) {
        is_good = is_good && !token && member.name == "token" && member.kind == json_kind::string;
        token = member.text;
    });
    if (error || !is_good || !token || token->empty()) return std::nullopt;
    const bool is_visible =
        std::all_of(token->begin(), token->end(), [](char c) { return c > ' ' && c <= '~'; });
    return is_visible ? token : std::nullopt;
}

/// What a connection speaks to until its first message has shown a token: nothing is sent to it,
/// and of what it sends nothing reaches `behind`.
class token_gate final : public route {
public:
    /// `judge(token)` decides what becomes of the connection, which is not read until then.
    token_gate(route& behind, std::function<void(const std::string& token)> judge)
        : behind_{behind}, judge_{std::move(judge)} {}

    [[nodiscard]] route& behind() const noexcept { return behind_; }

    void on_message(connection& from, websocket::opcode op, std::span<char> payload) override {
        const auto token = op == websocket::opcode::text
                               ? parse_token_message({payload.data(), payload.size()})
                               : std::nullopt;
        if (!token)
            return from.close(websocket::close_code::policy_violation,
                              R"(the first message must be {"token":"..."})");
        from.pause_reading();
        judge_(*token);
    }

private:
    route& behind_;
    std::function<void(const std::string&)> judge_;
};

}  // namespace millrace::detail
