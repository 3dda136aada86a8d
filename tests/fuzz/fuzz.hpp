#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace millrace::fuzz {

/// Ends the program when a rule is broken.
inline void require(bool holds, const char* rule) {
    if (holds) return;
    std::fprintf(stderr, "broken: %s\n", rule);
    std::abort();
}

/// What the fuzzer has made, to be used up from the front. Small choices are drawn from it, too.
class input {
public:
    input(const std::uint8_t* data, std::size_t size)
        : rest_{reinterpret_cast<const char*>(data), size} {}

    /// 0 when nothing is left.
    unsigned char byte() {
        if (rest_.empty()) return 0;
        const char c = rest_.front();
        rest_.remove_prefix(1);
        return static_cast<unsigned char>(c);
    }

    [[nodiscard]] std::string_view rest() const noexcept { return rest_; }

private:
    std::string_view rest_;
};

/// Gives `bytes` to `take` in chunks, whose sizes, 1 to 256 bytes, come of `seed` until it returns
/// false.
template <class Take>
void in_chunks(std::string_view bytes, unsigned seed, Take&& take) {
    bool goes_on = true;
    while (!bytes.empty() && goes_on) {
        seed = seed * 1664525u + 1013904223u;
        const std::size_t most = (seed >> 24) < 128 ? 4 : 256;
        const auto chunk = bytes.substr(0, 1 + (seed >> 16) % most);
        bytes.remove_prefix(chunk.size());
        goes_on = take(chunk, bytes.empty());
    }
}

}  // namespace millrace::fuzz
