#pragma once

#include <csignal>
#include <system_error>
#include <utility>

#include <millrace/endpoint/detail/loops/signals.hpp>

namespace millrace::detail {

MILLRACE_INLINE void signals::start(asio::io_context& io, bool has_hangup,
                                    std::function<void(int number)> f) {
    set_.emplace(io, SIGINT, SIGTERM);
    if (has_hangup) set_->add(SIGHUP);
    function_ = std::move(f);
    wait();
}

MILLRACE_INLINE void signals::stop() { set_->cancel(); }

MILLRACE_INLINE void signals::wait() {
    set_->async_wait([this](std::error_code error, int number) {
        if (error) return;
        wait();
        function_(number);
    });
}

}  // namespace millrace::detail
