#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <millrace/core/detail/compiled.hpp>

namespace millrace::detail {

/// By how much a zone's clocks are ahead of UTC, and when that changed. All times are seconds since
/// 1970, of UTC or of the zone's clocks. Complexity: logarithmic in the number of changes, of 24
/// bytes each.
class offset_table {
public:
    /// The first and the last whole second that a timestamp touches.
    static constexpr std::int64_t earliest = -9'223'372'037, latest = 9'223'372'036;

    explicit offset_table(std::int32_t first) { changes_.push_back({earliest, never, first}); }

    /// From `at` on, which is not before what was added last. Of two at one time the second holds.
    void add(std::int64_t at, std::int32_t offset);

    [[nodiscard]] std::int32_t offset_at(std::int64_t second) const noexcept {
        return changes_[last_not_after(second, &change::at)].offset;
    }

    struct first_instant {
        std::int64_t second;
        bool is_shown;  ///< false where the clocks leap over the local time
    };

    /// When the clocks first show `local` or a later time; `earliest` where that was before it.
    [[nodiscard]] first_instant first_at(std::int64_t local) const noexcept;

    [[nodiscard]] std::size_t size() const noexcept { return changes_.size(); }

private:
    static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::min();

    struct change {
        std::int64_t at;
        std::int64_t reached;  // the latest local time that the clocks came up to before
        std::int32_t offset;
    };

    /// The index of the last change whose time is not after `time`, or 0.
    [[nodiscard]] std::size_t last_not_after(std::int64_t time,
                                             std::int64_t change::*member) const noexcept;

    std::vector<change> changes_;
};

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/core/detail/offset_table.ipp>
#endif
