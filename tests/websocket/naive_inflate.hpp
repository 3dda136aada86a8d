#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::websocket::tests {

/// DEFLATE written from RFC 1951 alone: bit by bit, whole messages only. It tells how far back a
/// message refers.
class naive_inflater {
public:
    /// `history` is what the message may refer to; the 00 00 ff ff that RFC 7692 leaves out is
    /// added. Nothing when the bytes are no whole message.
    static std::optional<std::string> decode(std::string_view bytes, std::string_view history = {},
                                             std::size_t* farthest = nullptr) {
        naive_inflater self{std::string{bytes} + std::string{"\0\0\xff\xff", 4}, history};
        while (self.is_good_ && self.at_ < self.in_.size() * 8) self.block();
        if (farthest != nullptr) *farthest = self.farthest_;
        // The block that is left out is not a final one.
        if (!self.is_good_ || self.is_final_) return std::nullopt;
        return self.out_.substr(history.size());
    }

private:
    using lengths = std::vector<unsigned>;

    /// The symbols in the order of their codes, and how many codes each length has (RFC 1951,
    /// section 3.2.2).
    struct code_table {
        explicit code_table(const lengths& code) {
            for (unsigned length = 1; length <= 15; ++length)
                for (unsigned s = 0; s != code.size(); ++s)
                    if (code[s] == length) {
                        ++count[length];
                        symbols.push_back(s);
                    }
        }
        std::vector<unsigned> count = std::vector<unsigned>(16, 0), symbols;
    };

    naive_inflater(std::string in, std::string_view history) : in_{std::move(in)}, out_{history} {}

    unsigned bits(unsigned count) {
        unsigned value = 0;
        for (unsigned i = 0; i != count; ++i, ++at_) {
            if (at_ >= in_.size() * 8) return fail();
            const unsigned byte = static_cast<unsigned char>(in_[at_ / 8]);
            value |= ((byte >> (at_ % 8)) & 1u) << i;
        }
        return value;
    }

    unsigned fail() {
        is_good_ = false;
        return 0;
    }

    unsigned symbol(const code_table& code) {
        unsigned value = 0, first = 0, before = 0;
        for (unsigned length = 1; length <= 15 && is_good_; ++length) {
            value = value << 1 | bits(1);
            if (value < first + code.count[length]) return code.symbols[before + value - first];
            before += code.count[length];
            first = (first + code.count[length]) << 1;
        }
        return fail();
    }

    void block() {
        is_final_ = bits(1) != 0;
        switch (bits(2)) {
            case 0: stored(); break;
            case 1: {
                lengths literals(288, 8);
                for (unsigned i = 144; i != 256; ++i) literals[i] = 9;
                for (unsigned i = 256; i != 280; ++i) literals[i] = 7;
                codes(code_table{literals}, code_table{lengths(30, 5)});
                break;
            }
            case 2: dynamic(); break;
            default: fail();
        }
        if (is_final_) align();
    }

    void align() { at_ = (at_ + 7) / 8 * 8; }

    /// Each code of 15 bits begins with just one of the codes; or there is one code of one bit, or
    /// none.
    static bool is_whole(const lengths& code, bool may_be_single) {
        unsigned used = 0, longest = 0;
        for (const unsigned length : code) {
            if (length != 0) used += 1u << (15 - length);
            longest = length > longest ? length : longest;
        }
        return used == 1u << 15 || (may_be_single && longest <= 1 && used < 1u << 15);
    }

    void stored() {
        align();
        const unsigned size = bits(16);
        if ((bits(16) ^ size) != 0xffff) fail();
        for (unsigned i = 0; i != size && is_good_; ++i) out_ += static_cast<char>(bits(8));
    }

    void dynamic() {
        const unsigned literals = bits(5) + 257, distances = bits(5) + 1, used = bits(4) + 4;
        static constexpr unsigned order[] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                             11, 4,  12, 3, 13, 2, 14, 1, 15};
        lengths short_code(19, 0), all;
        for (unsigned i = 0; i != used; ++i) short_code[order[i]] = bits(3);
        const code_table code{short_code};
        if (literals > 286 || distances > 30 || !is_whole(short_code, false)) fail();
        while (all.size() < literals + distances && is_good_) {
            const unsigned s = symbol(code);
            if (s == 16 && all.empty()) fail();
            if (!is_good_) return;
            if (s < 16)
                all.push_back(s);
            else if (s == 16)
                all.insert(all.end(), 3 + bits(2), all.back());
            else
                all.insert(all.end(), s == 17 ? 3 + bits(3) : 11 + bits(7), 0);
        }
        if (all.size() != literals + distances) fail();
        if (!is_good_) return;
        const auto middle = all.begin() + literals;
        const lengths first{all.begin(), middle}, second{middle, all.end()};
        if (first[256] == 0 || !is_whole(first, true) || !is_whole(second, true)) fail();
        codes(code_table{first}, code_table{second});
    }

    void codes(const code_table& literals, const code_table& distances) {
        static constexpr unsigned base_length[] = {3,  4,  5,  6,   7,   8,   9,   10,  11, 13,
                                                   15, 17, 19, 23,  27,  31,  35,  43,  51, 59,
                                                   67, 83, 99, 115, 131, 163, 195, 227, 258};
        while (is_good_) {
            const unsigned s = symbol(literals);
            if (s == 256) return;
            if (s < 256) {
                out_ += static_cast<char>(s);
                continue;
            }
            const unsigned i = s - 257;
            if (i >= 29) return void(fail());
            const unsigned size = base_length[i] + bits(i < 8 || i == 28 ? 0 : i / 4 - 1);
            const unsigned d = symbol(distances);
            if (d >= 30) return void(fail());
            std::size_t distance = d + 1;
            if (d >= 4) distance = ((2u + d % 2) << (d / 2 - 1)) + 1 + bits(d / 2 - 1);
            if (distance > out_.size()) return void(fail());
            farthest_ = farthest_ < distance ? distance : farthest_;
            for (unsigned n = 0; n != size; ++n) out_ += out_[out_.size() - distance];
        }
    }

    std::string in_;
    std::string out_;
    std::size_t at_ = 0;
    std::size_t farthest_ = 0;
    bool is_final_ = false;
    bool is_good_ = true;
};

}  // namespace millrace::websocket::tests
