#pragma once

#include <millrace/client/backoff.hpp>

namespace millrace::detail {

MILLRACE_INLINE backoff::backoff(const backoff_options& options)
    : options_{options}, longest_{options.base} {
    require_time("a backoff's base", options.base);
    require_time("a backoff's cap", options.cap, options.base);
    require_time("stable_after", options.stable_after, std::chrono::milliseconds{0});
}

MILLRACE_INLINE void backoff::reset() noexcept {
    attempts_ = 0;
    longest_ = options_.base;
}

}  // namespace millrace::detail
