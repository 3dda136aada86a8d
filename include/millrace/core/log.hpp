#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

namespace millrace {

/// How much an operator should care. `debug` is for a user's own entries.
enum class log_severity { debug, info, warning, error };

/// What happened, for a program that reads a log; a person reads the message.
enum class log_event {
    started,               ///< listens; the message says where, and which versions
    stopped,               ///< the end is reached
    refused,               ///< a connection or request beyond a limit, or at the end
    denied,                ///< a request that a guard or an authorisation rule refused
    accept_failed,         ///< a connection could not be accepted
    handler_failed,        ///< a user's code threw, or a file could not be sent to its end; the
                           ///< message says what
    protocol_error,        ///< a peer broke the protocol
    timed_out,             ///< a peer took too long
    slow_consumer,         ///< records were dropped, or a connection closed, for a slow reader
    flooded,               ///< a connection was closed for sending too much
    memory_exhausted,      ///< the largest consumers were ended for the memory budget
    storage_failed,        ///< rows are not durable; the message says why
    storage_recovered,     ///< the storage works again
    recording_failed,      ///< a pipeline's input is recorded no more; the message says why
    certificate_reloaded,  ///< new connections get the new one
    certificate_failed,    ///< the old one stays
    log_lines_lost,        ///< an access log is behind, or cannot be written
};

namespace detail {

/// How many there are.
inline constexpr std::size_t log_events = static_cast<std::size_t>(log_event::log_lines_lost) + 1;

}  // namespace detail

[[nodiscard]] constexpr std::string_view name_of(log_severity level) noexcept {
    switch (level) {
        case log_severity::debug: return "debug";
        case log_severity::info: return "info";
        case log_severity::warning: return "warning";
        case log_severity::error: return "error";
    }
    return "unknown";
}

[[nodiscard]] constexpr std::string_view name_of(log_event what) noexcept {
    switch (what) {
        case log_event::started: return "started";
        case log_event::stopped: return "stopped";
        case log_event::refused: return "refused";
        case log_event::denied: return "denied";
        case log_event::accept_failed: return "accept_failed";
        case log_event::handler_failed: return "handler_failed";
        case log_event::protocol_error: return "protocol_error";
        case log_event::timed_out: return "timed_out";
        case log_event::slow_consumer: return "slow_consumer";
        case log_event::flooded: return "flooded";
        case log_event::memory_exhausted: return "memory_exhausted";
        case log_event::storage_failed: return "storage_failed";
        case log_event::storage_recovered: return "storage_recovered";
        case log_event::recording_failed: return "recording_failed";
        case log_event::certificate_reloaded: return "certificate_reloaded";
        case log_event::certificate_failed: return "certificate_failed";
        case log_event::log_lines_lost: return "log_lines_lost";
    }
    return "unknown";
}

/// One line of a log. The message is valid during the call, and holds no secret.
struct log_entry {
    log_severity level = log_severity::info;
    log_event what = log_event::started;
    std::uint64_t connection = 0;  ///< `connection::id`; 0 where it is about none
    std::string_view message{};
};

/// Takes what an operator needs to know; from any thread of the endpoint and of its storages,
/// several at once. It must not wait, for the loop waits with it. What it throws is lost.
using log_hook = std::function<void(const log_entry&)>;

}  // namespace millrace
