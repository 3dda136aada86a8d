#pragma once

#include <utility>

#include <millrace/transport/detail/timer.hpp>

namespace millrace::detail {

MILLRACE_INLINE void timer::start(std::chrono::nanoseconds time, callback f) {
    timer_.expires_after(time);
    timer_.async_wait(std::move(f));
}

MILLRACE_INLINE void timer::cancel() { timer_.cancel(); }

}  // namespace millrace::detail
