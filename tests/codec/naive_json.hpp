#pragma once

#include <cstdlib>
#include <string_view>

namespace millrace {

/// A validator of JSON texts by the letter of RFC 8259 and RFC 3629, slow and plain, to compare
/// a decoder with. Half of a surrogate pair is refused.
class naive_json {
public:
    [[nodiscard]] static bool is_valid(std::string_view text) {
        naive_json all{text};
        return all.white_space() && all.value() && all.white_space() && all.rest_.empty();
    }

    /// How deep the text nests, if it is valid.
    [[nodiscard]] static std::size_t depth(std::string_view text) {
        naive_json all{text};
        (void)(all.white_space() && all.value());
        return all.deepest_;
    }

private:
    explicit naive_json(std::string_view text) : rest_{text} {}

    [[nodiscard]] unsigned char peek(std::size_t i = 0) const {
        return i < rest_.size() ? static_cast<unsigned char>(rest_[i]) : 0;
    }
    bool skip(std::size_t count) {
        rest_.remove_prefix(count);
        return true;
    }
    bool literal(std::string_view word) { return rest_.starts_with(word) && skip(word.size()); }
    bool white_space() {
        while (!rest_.empty() &&
               std::string_view{" \t\r\n"}.find(rest_[0]) != std::string_view::npos) {
            skip(1);
        }
        return true;
    }
    [[nodiscard]] bool is_digit() const { return peek() >= '0' && peek() <= '9'; }
    bool digits() {
        if (!is_digit()) return false;
        while (is_digit()) skip(1);
        return true;
    }

    bool value() {
        switch (peek()) {
            case '{': return nested('}', true);
            case '[': return nested(']', false);
            case '"': return string();
            case 't': return literal("true");
            case 'f': return literal("false");
            case 'n': return literal("null");
            default: return number();
        }
    }

    bool nested(char closing, bool has_names) {
        if (++depth_ > deepest_) deepest_ = depth_;
        skip(1);
        white_space();
        if (peek() != closing) {
            do {
                white_space();
                if (has_names && !(string() && white_space() && literal(":") && white_space()))
                    return false;
                if (!(value() && white_space())) return false;
            } while (literal(","));
            if (peek() != closing) return false;
        }
        --depth_;
        return skip(1);
    }

    bool number() {
        literal("-");
        if (!literal("0") && !digits()) return false;
        if (literal(".") && !digits()) return false;
        if (literal("e") || literal("E")) {
            if (!literal("+")) literal("-");
            return digits();
        }
        return true;
    }

    bool string() {
        if (!literal("\"")) return false;
        while (!rest_.empty()) {
            if (literal("\"")) return true;
            if (!character()) return false;
        }
        return false;
    }

    bool character() {
        if (peek() == '\\') return escape();
        if (peek() < 0x20) return false;
        if (peek() < 0x80) return skip(1);
        const int tail = peek() >> 5 == 6 ? 1 : peek() >> 4 == 14 ? 2 : peek() >> 3 == 30 ? 3 : 0;
        if (tail == 0) return false;
        unsigned point = peek() & (0x3Fu >> tail);
        for (int i = 1; i <= tail; ++i) {
            if (peek(static_cast<std::size_t>(i)) >> 6 != 2) return false;
            point = point << 6 | (peek(static_cast<std::size_t>(i)) & 0x3F);
        }
        const unsigned least = tail == 1 ? 0x80 : tail == 2 ? 0x800 : 0x10000;
        if (point < least || point > 0x10FFFF || point >> 11 == 0x1B) return false;
        return skip(static_cast<std::size_t>(tail) + 1);
    }

    bool escape() {
        skip(1);
        if (peek() == 'u') {
            const int first = hex();
            if (first < 0) return false;
            if (first >> 10 == 0x37) return false;
            if (first >> 10 != 0x36) return true;
            return literal("\\") && peek() == 'u' && hex() >> 10 == 0x37;
        }
        return std::string_view{"\"\\/bfnrt"}.find(static_cast<char>(peek())) !=
                   std::string_view::npos &&
               !rest_.empty() && skip(1);
    }

    /// The value of uXXXX, or negative.
    int hex() {
        int value = 0;
        for (std::size_t i = 1; i <= 4; ++i) {
            const char c = static_cast<char>(peek(i) | 0x20);
            const int digit = peek(i) >= '0' && peek(i) <= '9' ? peek(i) - '0'
                              : c >= 'a' && c <= 'f'           ? c - 'a' + 10
                                                               : -1;
            if (digit < 0) return -1 << 20;
            value = value * 16 + digit;
        }
        skip(5);
        return value;
    }

    std::string_view rest_;
    std::size_t depth_ = 0;
    std::size_t deepest_ = 0;
};

}  // namespace millrace
