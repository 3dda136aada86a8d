#pragma once

#include <stdexcept>

#include <millrace/windows/window.hpp>

namespace millrace {

/// Windows of one length that follow each other without gap or overlap, aligned to the epoch
/// plus `offset`: one-hour windows start on the hour, UTC.
/// @throws std::invalid_argument for a size that is not positive.
class tumbling {
public:
    constexpr explicit tumbling(duration size, duration offset = {}) : size_{size} {
        if (size <= duration{0}) throw std::invalid_argument{"tumbling: size must be positive"};
        offset_ = offset % size;
        if (offset_ < duration{0}) offset_ += size;
    }

    [[nodiscard]] constexpr duration size() const noexcept { return size_; }

    [[nodiscard]] constexpr window_bounds assign(timestamp time) const noexcept {
        duration into = time.time_since_epoch() % size_;
        if (into < duration{0}) into += size_;
        into -= offset_;
        if (into < duration{0}) into += size_;
        return {saturated_add(time, -into), saturated_add(time, size_ - into)};
    }

    template <class To>
    void describe(To& to) const {
        to.setting("kind", "tumbling");
        to.setting("size", size_);
        to.setting("offset", offset_, duration{0});
    }

private:
    duration size_;
    duration offset_{};
};

}  // namespace millrace
