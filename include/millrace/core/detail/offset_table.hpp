#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

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
    void add(std::int64_t at, std::int32_t offset) {
        if (at > latest) return;
        if (at <= changes_.back().at) {
            changes_.back().offset = offset;
            if (changes_.size() > 1 && changes_.end()[-2].offset == offset) changes_.pop_back();
            return;
        }
        const change& last = changes_.back();
        if (offset == last.offset) return;
        changes_.push_back({at, std::max(last.reached, at + last.offset), offset});
    }

    [[nodiscard]] std::int32_t offset_at(std::int64_t second) const noexcept {
        return changes_[last_not_after(second, &change::at)].offset;
    }

    struct first_instant {
        std::int64_t second;
        bool is_shown;  ///< false where the clocks leap over the local time
    };

    /// When the clocks first show `local` or a later time; `earliest` where that was before it.
    [[nodiscard]] first_instant first_at(std::int64_t local) const noexcept {
        const change& in = changes_[last_not_after(local, &change::reached)];
        const std::int64_t second = local - in.offset;
        if (second < in.at) return {in.at, false};
        return {second, true};
    }

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
                                             std::int64_t change::*member) const noexcept {
        std::size_t found = 0;
        for (std::size_t left = changes_.size(); left > 1;) {
            const std::size_t half = left / 2;
            found += changes_[found + half].*member <= time ? half : 0;
            left -= half;
        }
        return found;
    }

    std::vector<change> changes_;
};

}  // namespace millrace::detail
