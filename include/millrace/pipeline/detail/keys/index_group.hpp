#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace millrace::detail {

/// Some numbers of a `key_index`, as many as a processor's cache line holds, each with its tag,
/// which is 0 where there is none.
struct alignas(64) index_group {
    static constexpr unsigned size = 8;
    static constexpr std::uint32_t in_use = std::uint32_t{1} << 31;  ///< is set in each tag

    std::array<std::uint32_t, size> tags;
    std::array<std::uint32_t, size> numbers;

    /// A bit for each place that has the tag.
    [[nodiscard, gnu::always_inline]] unsigned places_of(std::uint32_t tag) const noexcept {
#ifdef __SSE2__
        const __m128i sought = _mm_set1_epi32(static_cast<int>(tag));
        return bits(_mm_cmpeq_epi32(half(0), sought)) | bits(_mm_cmpeq_epi32(half(1), sought)) << 4;
#else
        unsigned found = 0;
        for (unsigned i = 0; i != size; ++i) found |= unsigned{tags[i] == tag} << i;
        return found;
#endif
    }

    /// How many places are taken: the first ones.
    [[nodiscard, gnu::always_inline]] unsigned count() const noexcept {
#ifdef __SSE2__
        return static_cast<unsigned>(std::countr_one(bits(half(0)) | bits(half(1)) << 4));
#else
        unsigned taken = 0;
        for (const std::uint32_t each : tags) taken += each != 0;
        return taken;
#endif
    }
    [[nodiscard, gnu::always_inline]] bool is_full() const noexcept { return tags[size - 1] != 0; }

    void put(unsigned at, std::uint32_t tag, std::uint32_t number) noexcept {
        tags[at] = tag;
        numbers[at] = number;
    }

    /// The last takes its place.
    void remove(unsigned at) noexcept {
        const unsigned last = count() - 1;
        put(at, tags[last], numbers[last]);
        tags[last] = 0;
    }

private:
#ifdef __SSE2__
    [[nodiscard]] __m128i half(std::size_t which) const noexcept {
        return _mm_load_si128(reinterpret_cast<const __m128i*>(tags.data() + 4 * which));
    }
    /// The sign of each.
    static unsigned bits(__m128i of) noexcept {
        return static_cast<unsigned>(_mm_movemask_ps(_mm_castsi128_ps(of)));
    }
#endif
};

}  // namespace millrace::detail
