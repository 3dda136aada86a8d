#pragma once

#include <functional>
#include <optional>

#include <asio/basic_signal_set.hpp>
#include <asio/io_context.hpp>

#include <millrace/core/detail/compiled.hpp>

namespace millrace::detail {

/// The process's signals, as long as they are wanted.
class signals {
public:
    /// Calls `f(number)` in the loop for each SIGINT and SIGTERM, and, if `has_hangup`, SIGHUP.
    void start(asio::io_context& io, bool has_hangup, std::function<void(int number)> f);

    /// The loop waits for no signal any more.
    void stop();

private:
    void wait();

    std::optional<asio::basic_signal_set<asio::io_context::executor_type>> set_;
    std::function<void(int)> function_;
};

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/endpoint/detail/loops/signals.ipp>
#endif
