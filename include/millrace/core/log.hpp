#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace millrace {

/// How much an operator should care.
enum class severity { debug, info, warning, error };

/// What happened, for a program that reads a log; a person reads the message.
enum class log_event {
    started,               ///< listens; the message says where, and which versions
    stopped,               ///< the end is reached
    refused,               ///< a connection or request beyond a limit
    denied,                ///< a request that a guard or an authorisation rule refused
    accept_failed,         ///< a connection could not be accepted
    handler_failed,        ///< a user's code threw; the message is its `what()`
    protocol_error,        ///< a peer broke the protocol
    timed_out,             ///< a peer took too long
    slow_consumer,         ///< records were dropped, or a connection closed, for a slow reader
    flooded,               ///< a connection was closed for sending too much
    memory_exhausted,      ///< the largest consumers were ended for the memory budget
    storage_failed,        ///< rows are not durable; the message says why
    storage_recovered,     ///< the storage works again
    certificate_reloaded,  ///< new connections get the new one
    certificate_failed,    ///< the old one stays
};

/// One line of a log. The message is valid during the call, and holds no secret.
struct log_entry {
    severity level = severity::info;
    log_event what = log_event::started;
    std::uint64_t connection = 0;  ///< `connection::id`; 0 where it is about none
    std::string_view message{};
};

/// Takes what an operator needs to know; from any thread of the endpoint, several at once. It must
/// not wait, for the loop waits with it. What it throws is lost.
using log_hook = std::function<void(const log_entry&)>;

}  // namespace millrace
