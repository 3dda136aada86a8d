#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <system_error>
#include <utility>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <millrace/core/detail/compiled.hpp>

namespace millrace::detail {

/// Calls a function again and again on an io_context, until told to stop. Its owner may go at any
/// time, if it stops it.
class ticker : public std::enable_shared_from_this<ticker> {
public:
    ticker(asio::io_context& io, std::chrono::milliseconds interval, std::function<void()> f)
        : timer_{io}, interval_{interval}, function_{std::move(f)} {}

    void start();

    void stop();

private:
    asio::steady_timer timer_;
    std::chrono::milliseconds interval_;
    std::function<void()> function_;
};

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/transport/detail/ticker.ipp>
#endif
