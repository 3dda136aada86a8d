#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include <millrace/core/detail/compiled.hpp>
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
    void look(std::optional<std::uint64_t> lost, loop& to);

private:
    std::uint64_t lost_ = 0;
    bool is_losing_ = false;
};

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/endpoint/detail/logs/lost_lines.ipp>
#endif
