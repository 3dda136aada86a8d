#pragma once

#include <millrace/websocket/close_code.hpp>

namespace millrace::websocket {

MILLRACE_INLINE close_code close_code_of(std::error_code error) noexcept {
    if (!error) return close_code::normal;
    if (error.category() != error_category()) return close_code::internal_error;
    switch (static_cast<errc>(error.value())) {
        case errc::protocol_error: return close_code::protocol_error;
        case errc::unsupported_data: return close_code::unsupported_data;
        case errc::invalid_utf8: return close_code::invalid_payload;
        case errc::unauthorized:
        case errc::forbidden:
        case errc::too_many_requests: return close_code::policy_violation;
        case errc::message_too_big: return close_code::message_too_big;
        case errc::timed_out: return close_code::going_away;
        case errc::try_again_later: return close_code::try_again_later;
        default: return close_code::internal_error;
    }
}

}  // namespace millrace::websocket
