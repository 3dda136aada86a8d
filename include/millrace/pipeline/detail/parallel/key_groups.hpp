#pragma once

#include <cstddef>

#include <millrace/core/hash.hpp>

namespace millrace::detail {

/// Keys lie in 128 groups, and groups in loops, as evenly as can be. A key's group is the same in
/// every run, on machines of one byte order. So it is known to all who choose keys: they may put
/// all theirs into one group, and keep one loop busy with that.
class key_groups {
public:
    static constexpr std::size_t count = 128;

    explicit key_groups(std::size_t loops) noexcept : loops_{loops} {}

    /// The key's group is its first seven bits.
    template <class Key>
    [[nodiscard]] static std::size_t hash(const Key& key) noexcept {
        return public_hash(key);
    }
    template <class Key>
    [[nodiscard]] std::size_t loop_of(const Key& key) const noexcept {
        return (hash(key) >> 57) * loops_ / count;
    }

private:
    /// The digits of pi.
    static constexpr key_hash public_hash{hash_secret{0x243F6A8885A308D3, 0x13198A2E03707344,
                                                      0xA4093822299F31D0, 0x082EFA98EC4E6C89,
                                                      0x452821E638D01377}};

    std::size_t loops_;
};

}  // namespace millrace::detail
