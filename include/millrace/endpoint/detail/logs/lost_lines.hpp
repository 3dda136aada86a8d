#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include <millrace/core/log.hpp>
#include <millrace/endpoint/detail/loops/loop.hpp>

namespace millrace::detail {

/// What an access log has lost so far, where it counts that.
template <class AccessLog>
[[nodiscard]] std::optional<std::uint64_t> lost_lines([[maybe_unused]] const AccessLog& log) {
    if constexpr (requires { std::uint64_t{log.lost()}; }) return log.lost();
    return std::nullopt;
}

/// Tells that an access log has begun to lose lines: once, until a look finds no more lost.
class lost_lines_notice {
public:
    void look(std::optional<std::uint64_t> lost, loop& to) {
        const std::uint64_t now = lost.value_or(0), before = std::exchange(lost_, now);
        const bool was_losing = std::exchange(is_losing_, now > before);
        if (is_losing_ && !was_losing)
            to.tell(log_severity::warning, log_event::log_lines_lost, 0,
                    "the access log loses lines, " + std::to_string(now) + " by now");
    }

private:
    std::uint64_t lost_ = 0;
    bool is_losing_ = false;
};

}  // namespace millrace::detail
