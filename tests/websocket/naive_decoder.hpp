#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "stream.hpp"

namespace millrace::websocket::tests {

/// What a stream of masked frames gives, as far as it has come.
inline transcript naive_decode(std::string_view in, const protocol_options& options) {
    transcript events;
    const auto fail = [&](errc error) {
        events.push_back("error " + make_error_code(error).message());
        return events;
    };
    std::string message;
    unsigned message_op = 0;
    std::size_t empty = 0;
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(in[i]); };

    while (in.size() >= 2) {
        const bool is_final = byte(0) & 0x80u;
        const unsigned op = byte(0) & 15u;
        std::uint64_t size = byte(1) & 0x7fu;
        if (byte(0) & 0x70u) return fail(errc::protocol_error);
        if (op != 0 && op != 1 && op != 2 && op != 8 && op != 9 && op != 10)
            return fail(errc::protocol_error);
        if (!(byte(1) & 0x80u)) return fail(errc::protocol_error);
        if (op >= 8 && (!is_final || size > 125)) return fail(errc::protocol_error);
        std::size_t at = 2;
        if (size >= 126) {
            const std::size_t width = size == 126 ? 2 : 8;
            if (in.size() < 2 + width) return events;
            size = 0;
            for (std::size_t i = 0; i != width; ++i) size = size << 8 | byte(2 + i);
            if (size < (width == 2 ? 126u : 65536u) || size >> 63)
                return fail(errc::protocol_error);
            at += width;
        }
        if (in.size() < at + 4) return events;
        const std::string_view mask = in.substr(at, 4);
        at += 4;
        if (op < 8) {
            if ((op == 0) != (message_op != 0)) return fail(errc::protocol_error);
            if (size > options.max_message_bytes ||
                message.size() + size > options.max_message_bytes)
                return fail(errc::message_too_big);
            empty = size == 0 && (op == 0 || !is_final) ? empty + 1 : 0;
            if (empty > options.max_empty_fragments) return fail(errc::message_too_big);
        }
        const bool is_whole = in.size() - at >= size;
        std::string payload{in.substr(at, static_cast<std::size_t>(size))};
        for (std::size_t i = 0; i != payload.size(); ++i)
            payload[i] = static_cast<char>(payload[i] ^ mask[i % 4]);
        if (!is_whole && op >= 8) return events;
        in.remove_prefix(at + payload.size());

        if (op == 9) events.push_back("ping:" + payload);
        if (op == 10) events.push_back("pong:" + payload);
        if (op == 8) {
            unsigned code = 1005;
            if (payload.size() == 1) return fail(errc::protocol_error);
            if (payload.size() >= 2) {
                code = static_cast<unsigned char>(payload[0]) * 256u +
                       static_cast<unsigned char>(payload[1]);
                const bool allowed = (code >= 1000 && code <= 1003) ||
                                     (code >= 1007 && code <= 1014) ||
                                     (code >= 3000 && code <= 4999);
                if (!allowed) return fail(errc::protocol_error);
                payload.erase(0, 2);
                if (naive_utf8(payload) != utf8_state::valid) return fail(errc::invalid_utf8);
            }
            events.push_back("close " + std::to_string(code) + ":" + payload);
            return events;
        }
        if (op >= 8) continue;
        if (op != 0) message_op = op;
        message += payload;
        const auto state = message_op == 1 ? naive_utf8(message) : utf8_state::valid;
        if (state == utf8_state::invalid || (is_final && is_whole && state == utf8_state::cut_off))
            return fail(errc::invalid_utf8);
        if (!is_whole) return events;
        if (!is_final) continue;
        events.push_back((message_op == 1 ? "text:" : "binary:") + message);
        message.clear();
        message_op = 0;
        empty = 0;
    }
    return events;
}

}  // namespace millrace::websocket::tests
