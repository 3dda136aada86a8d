#pragma once

#include <millrace/endpoint/detail/logs/lost_lines.hpp>

namespace millrace::detail {

MILLRACE_INLINE void lost_lines_notice::look(std::optional<std::uint64_t> lost, loop& to) {
    const std::uint64_t now = lost.value_or(0), before = std::exchange(lost_, now);
    const bool was_losing = std::exchange(is_losing_, now > before);
    if (is_losing_ && !was_losing)
        to.tell(log_severity::warning, log_event::log_lines_lost, 0,
                "the access log loses lines, " + std::to_string(now) + " by now");
}

}  // namespace millrace::detail
