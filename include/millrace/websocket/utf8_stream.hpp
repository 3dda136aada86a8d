#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include <websocketpp/utf8_validator.hpp>

#include <millrace/core/utf8.hpp>

namespace millrace::websocket {

/// Checks text that comes in pieces, cut anywhere. Whole characters are checked in wide words, and
/// one that is cut by websocketpp's automaton, which refuses a byte as soon as no character can
/// come of it. Linear in the text, 8 bytes of state.
class utf8_stream {
public:
    /// False at the first piece that leaves the text so far without a valid continuation.
    [[nodiscard]] bool feed(std::string_view piece) {
        while (!cut_.complete()) {
            if (piece.empty()) return true;
            if (!cut_.consume(static_cast<unsigned char>(piece.front()))) return false;
            piece.remove_prefix(1);
        }
        const auto tail = piece.substr(piece.size() - bytes_of_last_character(piece));
        piece.remove_suffix(tail.size());
        return is_valid_utf8(piece) && cut_.decode(tail.begin(), tail.end());
    }

    /// True unless the text so far ends within a character.
    [[nodiscard]] bool is_complete() { return cut_.complete(); }

private:
    /// At most 4; 0 behind ASCII.
    [[nodiscard]] static std::size_t bytes_of_last_character(std::string_view piece) noexcept {
        const std::size_t longest = std::min<std::size_t>(piece.size(), 4);
        for (std::size_t n = 1; n <= longest; ++n) {
            const auto byte = static_cast<unsigned char>(piece[piece.size() - n]);
            if (byte < 0x80) return n - 1;
            if (byte >= 0xc0) return n;
        }
        return longest;
    }

    websocketpp::utf8_validator::validator cut_;
};

}  // namespace millrace::websocket
