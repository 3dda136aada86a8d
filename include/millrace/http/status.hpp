#pragma once

#include <string_view>
#include <system_error>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/core/error.hpp>

namespace millrace::http {

/// The HTTP status that tells a client about `error`; 500 for one with no status of its own.
[[nodiscard]] int status_of(std::error_code error) noexcept;

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

#ifndef MILLRACE_COMPILED
#include <millrace/http/status.ipp>
#endif
