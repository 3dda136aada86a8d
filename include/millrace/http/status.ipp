#pragma once

#include <millrace/http/status.hpp>

namespace millrace::http {

MILLRACE_INLINE int status_of(std::error_code error) noexcept {
    if (!error) return 200;
    if (error.category() != error_category()) return 500;
    switch (static_cast<errc>(error.value())) {
        case errc::bad_request: return 400;
        case errc::unauthorized: return 401;
        case errc::forbidden: return 403;
        case errc::not_found: return 404;
        case errc::method_not_allowed: return 405;
        case errc::timed_out: return 408;
        case errc::length_required: return 411;
        case errc::message_too_big: return 413;
        case errc::upgrade_required: return 426;
        case errc::too_many_requests: return 429;
        case errc::header_too_large: return 431;
        case errc::storage_locked:
        case errc::storage_queue_full:
        case errc::try_again_later: return 503;
        default: return 500;
    }
}

}  // namespace millrace::http
