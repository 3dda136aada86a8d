#pragma once

#include <cstddef>

namespace millrace::detail {

/// How far the windows of a pipeline may close before it lets others have their turn. Its stream
/// processors share one.
struct closing_pace {
    static constexpr std::size_t unlimited = static_cast<std::size_t>(-1);

    std::size_t left = unlimited;  ///< windows in this turn
    bool waits_for_room = false;   ///< nothing closes while a storage has no room for the record
    bool is_behind = false;        ///< some windows wait that are due

    /// Whether one more window may close; else it is noted that some wait.
    template <class HasRoom>
    [[nodiscard]] bool take(HasRoom&& has_room) {
        is_behind = left == 0 || (waits_for_room && !has_room());
        if (!is_behind) --left;
        return !is_behind;
    }
};

}  // namespace millrace::detail
