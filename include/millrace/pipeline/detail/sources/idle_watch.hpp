#pragma once

#include <chrono>
#include <utility>

#include <millrace/core/timestamp.hpp>

namespace millrace::detail {

/// Whether a source has had nothing for its timeout. It is looked at from time to time: what came
/// between two looks counts as come at the later one, and a source is idle only when it is found so
/// twice in a row, for behind a pause of the whole process input may wait that nobody has read.
class idle_watch {
public:
    /// True where it was idle.
    bool note_input() noexcept {
        has_input_ = true;
        return std::exchange(is_idle_, false);
    }

    /// True once each time that it becomes idle.
    [[nodiscard]] bool look(std::chrono::nanoseconds now, duration timeout) {
        if (std::exchange(has_input_, false)) {
            last_input_ = now;
            is_overdue_ = false;
            return false;
        }
        const bool was_overdue = std::exchange(is_overdue_, now - last_input_ >= timeout);
        if (is_idle_ || !was_overdue || !is_overdue_) return false;
        is_idle_ = true;
        return true;
    }

    /// One that was not idle begins anew.
    template <class Archive>
    void archive(Archive& ar) {
        ar(is_idle_);
        if constexpr (Archive::is_loading) has_input_ = !is_idle_;
    }

private:
    std::chrono::nanoseconds last_input_{};
    bool has_input_ = false;
    bool is_overdue_ = false;
    bool is_idle_ = true;  ///< until something comes
};

}  // namespace millrace::detail
