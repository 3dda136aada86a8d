#pragma once

#include <string_view>
#include <system_error>

#include <millrace/core/error.hpp>

namespace millrace::http {

/// The HTTP status that tells a client about `error`; 500 for one with no status of its own.
[[nodiscard]] inline int status_of(std::error_code error) noexcept {
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

/// The reason phrase of the statuses that millrace sends; empty for others.
[[nodiscard]] constexpr std::string_view reason_phrase(int status) noexcept {
    switch (status) {
        case 101: return "Switching Protocols";
        case 200: return "OK";
        case 204: return "No Content";
        case 304: return "Not Modified";
        case 400: return "Bad Request";
        case 401: return "Unauthorized";
        case 403: return "Forbidden";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 408: return "Request Timeout";
        case 411: return "Length Required";
        case 413: return "Content Too Large";
        case 415: return "Unsupported Media Type";
        case 417: return "Expectation Failed";
        case 426: return "Upgrade Required";
        case 429: return "Too Many Requests";
        case 431: return "Request Header Fields Too Large";
        case 500: return "Internal Server Error";
        case 503: return "Service Unavailable";
        default: return "";
    }
}

}  // namespace millrace::http
