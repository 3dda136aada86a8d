#pragma once

#include <millrace/websocket/deflate_offer.hpp>

namespace millrace::websocket::detail {

MILLRACE_INLINE std::optional<int> parse_window_bits(const std::optional<std::string>& text) {
    for (int bits = 8; bits <= 15; ++bits)
        if (text == std::to_string(bits)) return bits;
    return std::nullopt;
}

MILLRACE_INLINE std::optional<deflate_parameters> parse_deflate(const extension& e, bool is_offer) {
    if (!http::iequals(e.name, deflate_name)) return std::nullopt;
    deflate_parameters out;
    const auto set_flag = [](bool& flag, const extension_parameter& p) {
        return !std::exchange(flag, true) && !p.value;
    };
    const auto set_bits = [](std::optional<int>& bits, const extension_parameter& p,
                             bool may_lack) {
        if (bits) return false;
        bits = may_lack && !p.value ? 15 : parse_window_bits(p.value);
        return bits.has_value();
    };
    const bool is_valid =
        std::all_of(e.parameters.begin(), e.parameters.end(), [&](const extension_parameter& p) {
            if (p.name == "server_no_context_takeover")
                return set_flag(out.server_no_context_takeover, p);
            if (p.name == "client_no_context_takeover")
                return set_flag(out.client_no_context_takeover, p);
            if (p.name == "server_max_window_bits")
                return set_bits(out.server_max_window_bits, p, false);
            if (p.name == "client_max_window_bits")
                return set_bits(out.client_max_window_bits, p, is_offer);
            return false;
        });
    if (!is_valid) return std::nullopt;
    return out;
}

}  // namespace millrace::websocket::detail

namespace millrace::websocket {

MILLRACE_INLINE std::string to_header(const deflate_parameters& p) {
    std::string out{detail::deflate_name};
    if (p.server_no_context_takeover) out += "; server_no_context_takeover";
    if (p.client_no_context_takeover) out += "; client_no_context_takeover";
    if (p.server_max_window_bits)
        out.append("; server_max_window_bits=").append(std::to_string(*p.server_max_window_bits));
    if (p.client_max_window_bits)
        out.append("; client_max_window_bits=").append(std::to_string(*p.client_max_window_bits));
    return out;
}

MILLRACE_INLINE deflate_parameters make_deflate_offer(const deflate_options& options) {
    deflate_parameters offer{options.server_no_context_takeover, options.client_no_context_takeover,
                             std::nullopt, options.client_max_window_bits};
    if (options.server_max_window_bits < 15)
        offer.server_max_window_bits = options.server_max_window_bits;
    return offer;
}

MILLRACE_INLINE std::optional<deflate_parameters> accept_deflate_offer(
    std::string_view offers, const deflate_options& options) {
    const auto list = parse_extensions(offers);
    if (!list) return std::nullopt;
    for (const extension& e : *list) {
        const auto offer = detail::parse_deflate(e, true);
        if (!offer) continue;
        deflate_parameters answer;
        answer.server_no_context_takeover =
            offer->server_no_context_takeover || options.server_no_context_takeover;
        answer.client_no_context_takeover =
            offer->client_no_context_takeover || options.client_no_context_takeover;
        const int server_bits = std::min(offer->server_bits(), options.server_max_window_bits);
        if (offer->server_max_window_bits || server_bits < 15)
            answer.server_max_window_bits = server_bits;
        const int client_bits = std::min(offer->client_bits(), options.client_max_window_bits);
        if (offer->client_max_window_bits && client_bits < 15)
            answer.client_max_window_bits = client_bits;
        return answer;
    }
    return std::nullopt;
}

MILLRACE_INLINE std::optional<deflate_parameters> confirm_deflate_answer(
    std::string_view value, const deflate_parameters& offer) {
    const auto list = parse_extensions(value);
    if (!list || list->size() != 1) return std::nullopt;
    auto answer = detail::parse_deflate(list->front(), false);
    if (!answer) return std::nullopt;
    if (offer.server_no_context_takeover && !answer->server_no_context_takeover)
        return std::nullopt;
    if (answer->server_bits() > offer.server_bits()) return std::nullopt;
    if (answer->client_max_window_bits &&
        (!offer.client_max_window_bits || answer->client_bits() > offer.client_bits()))
        return std::nullopt;
    // What the client offered to do it does, asked or not.
    answer->client_no_context_takeover |= offer.client_no_context_takeover;
    answer->client_max_window_bits = std::min(answer->client_bits(), offer.client_bits());
    return answer;
}

}  // namespace millrace::websocket
