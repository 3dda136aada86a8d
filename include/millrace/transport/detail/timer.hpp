#pragma once

#include <chrono>

#include <asio/basic_waitable_timer.hpp>
#include <asio/io_context.hpp>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/transport/detail/callback.hpp>

namespace millrace::detail {

/// A timer of an io_context, by the monotonic clock.
class timer {
public:
    explicit timer(asio::io_context& io) : timer_{io} {}

    /// Calls `f(error)` once that time has passed, or soon with an error if it is cancelled or
    /// started again before.
    void start(std::chrono::nanoseconds time, callback f);

    void cancel();

private:
    using clock = std::chrono::steady_clock;

    asio::basic_waitable_timer<clock, asio::wait_traits<clock>, asio::io_context::executor_type>
        timer_;
};

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/transport/detail/timer.ipp>
#endif
