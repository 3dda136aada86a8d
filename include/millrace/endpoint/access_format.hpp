#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include <millrace/codec/json_string.hpp>
#include <millrace/core/detail/compiled.hpp>
#include <millrace/core/timestamp.hpp>
#include <millrace/endpoint/access_log.hpp>
#include <millrace/endpoint/detail/logs/escaped.hpp>

namespace millrace {

/// How a line of an access log looks.
enum class access_format {
    /// The Common Log Format: `host - principal [time] "request" status bytes`. A connection's
    /// opening has status 101, its end is a request of method CLOSE with its close code, and "-"
    /// stands for what was no request.
    common,
    /// Likewise, with referrer, which is never told, and user agent behind it.
    combined,
    /// A JSON object with all that is known.
    json,
};

/// Settings of `file_access_log` and `stderr_access_log`.
struct access_log_options {
    access_format format = access_format::combined;
    /// Lines that wait to be written, in bytes; what does not fit is lost, and counted.
    std::size_t max_queued_bytes = 1024 * 1024;
};

namespace detail {

/// What a quoted part of a line may not hold, and bytes that are not ASCII, as "\xHH".
void append_quoted(std::string& out, std::string_view text);

/// A part without quotes: spaces and brackets would end it.
void append_token(std::string& out, std::string_view text);

/// "05/Jan/2026:09:30:00 +0000"
void append_log_time(std::string& out, timestamp time);

void append_common_access(std::string& out, const access_entry& entry);

void append_json_access(std::string& out, const access_entry& entry);

}  // namespace detail

/// Appends the line of `entry`, with its newline. No byte of a client's can end a line or a quoted
/// part of it.
void append_access_line(std::string& out, const access_entry& entry, access_format format);

}  // namespace millrace

#ifndef MILLRACE_COMPILED
#include <millrace/endpoint/access_format.ipp>
#endif
