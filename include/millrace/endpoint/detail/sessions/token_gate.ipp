#pragma once

#include <millrace/endpoint/detail/sessions/token_gate.hpp>

namespace millrace::detail {

MILLRACE_INLINE std::optional<std::string> parse_token_message(std::string_view text) {
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

MILLRACE_INLINE void token_gate::on_message(connection& from, websocket::opcode op,
                                            std::span<char> payload) {
    const auto token = op == websocket::opcode::text
                           ? parse_token_message({payload.data(), payload.size()})
                           : std::nullopt;
    if (!token)
        return from.close(websocket::close_code::policy_violation,
                          R"(the first message must be {"token":"..."})");
    from.pause_reading();
    judge_(*token);
}

}  // namespace millrace::detail
