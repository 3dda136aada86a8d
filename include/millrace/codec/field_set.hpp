#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include <millrace/core/schema.hpp>

namespace millrace::detail {

/// Which fields of an event a text has given.
template <described Event>
class field_set {
public:
    static constexpr std::size_t size = schema<Event>.size;
    static_assert(size <= 64,
                  "an event needs: at most 64 fields (see millrace/codec/field_set.hpp)");

    /// False when the field was there before.
    bool add(std::size_t index) noexcept {
        const std::uint64_t bit = std::uint64_t{1} << index;
        const bool is_new = (given_ & bit) == 0;
        given_ |= bit;
        return is_new;
    }

    /// The first field that is required and was not given, or `size`.
    [[nodiscard]] std::size_t missing() const noexcept {
        const std::uint64_t missing = required & ~given_;
        return missing == 0 ? size : static_cast<std::size_t>(std::countr_zero(missing));
    }

    /// Empties the optional members that were not given.
    void reset_others(Event& event) const {
        if (given_ == all) return;
        std::uint64_t bit = 1;
        schema<Event>.for_each([&](const auto& field) {
            if constexpr (requires { field.get(event).reset(); }) {
                if ((given_ & bit) == 0) field.get(event).reset();
            }
            bit <<= 1;
        });
    }

private:
    static constexpr std::uint64_t all =
        size == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << size) - 1;
    static constexpr std::uint64_t required = [] {
        std::uint64_t bits = 0, bit = 1;
        schema<Event>.for_each([&](const auto& field) {
            using value_type = typename std::remove_cvref_t<decltype(field)>::value_type;
            if (!is_optional<value_type>) bits |= bit;
            bit <<= 1;
        });
        return bits;
    }();

    std::uint64_t given_ = 0;
};

}  // namespace millrace::detail
