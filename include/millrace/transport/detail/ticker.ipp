#pragma once

#include <millrace/transport/detail/ticker.hpp>

namespace millrace::detail {

MILLRACE_INLINE void ticker::start() {
    timer_.expires_after(interval_);
    timer_.async_wait([self = shared_from_this()](std::error_code error) {
        if (error || !self->function_) return;
        self->function_();
        if (self->function_) self->start();
    });
}

MILLRACE_INLINE void ticker::stop() {
    function_ = nullptr;
    timer_.cancel();
}

}  // namespace millrace::detail
