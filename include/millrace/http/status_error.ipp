#pragma once

#include <millrace/http/status_error.hpp>

namespace millrace::http::detail {

MILLRACE_INLINE std::string status_names::message(int status) const {
    std::string text = "HTTP status ";
    text += std::to_string(status);
    const auto reason = reason_phrase(status);
    return reason.empty() ? text : text.append(" ").append(reason);
}

}  // namespace millrace::http::detail

namespace millrace::http {

MILLRACE_INLINE const std::error_category& status_category() noexcept {
    static const detail::status_names instance;
    return instance;
}

}  // namespace millrace::http
