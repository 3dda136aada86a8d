#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

namespace millrace::detail {

/// Text on its way into a string: small pieces are gathered in a block, which costs less than to
/// append each.
class text_block {
public:
    explicit text_block(std::string& out) noexcept : out_{out} {}
    text_block(const text_block&) = delete;
    text_block& operator=(const text_block&) = delete;

    /// Where the next piece is written, and has room for at least `Bytes`. Behind it follows
    /// `written_to`.
    template <std::size_t Bytes>
    [[nodiscard]] char* room() {
        static_assert(Bytes <= size);
        if (size - used() < Bytes) flush();
        return end_;
    }

    /// The piece ends there.
    void written_to(char* end) noexcept { end_ = end; }

    /// Appends a literal.
    template <std::size_t N>
    void put(const char (&literal)[N]) {
        std::memcpy(room<N>(), literal, N - 1);
        end_ += N - 1;
    }

    /// Appends a text behind which `step` bytes may be read.
    void put_padded(std::string_view text) {
        for (; text.size() > step; text.remove_prefix(step)) put_step(text.data(), step);
        put_step(text.data(), text.size());
    }

    /// Everything so far is in the string then.
    std::string& flush() {
        out_.append(block_.data(), used());
        end_ = block_.data();
        return out_;
    }

    static constexpr std::size_t step = 16;

private:
    static constexpr std::size_t size = 1024;

    [[nodiscard]] std::size_t used() const noexcept {
        return static_cast<std::size_t>(end_ - block_.data());
    }

    void put_step(const char* from, std::size_t count) {
        std::memcpy(room<step>(), from, step);
        end_ += count;
    }

    std::string& out_;
    std::array<char, size> block_;
    char* end_ = block_.data();
};

}  // namespace millrace::detail
