#pragma once

#include <string>
#include <system_error>

namespace millrace {

/// Everything that can go wrong at run time with input, storage or a connection.
/// Values convert to `std::error_code` in `error_category()`.
enum class errc {
    // codec: one event is refused, its neighbours are served
    malformed_json = 1,  ///< the text is not JSON (RFC 8259)
    nul_byte,            ///< the message holds a NUL byte
    too_deep,            ///< nesting beyond the depth limit
    too_many_members,    ///< an object with more members than the limit
    string_too_long,     ///< a string or a member's name beyond the limit
    wrong_type,          ///< a field's JSON type is not the one its schema asks for
    out_of_range,        ///< a number that the field's type cannot hold
    missing_field,       ///< a required field is absent
    duplicate_field,     ///< a field of the schema is given twice
    unknown_enumerator,  ///< a name that the enumeration does not have
    invalid_timestamp,   ///< neither RFC 3339 nor an integer in the field's unit
    not_an_object,       ///< an event must be a JSON object
    too_many_events,     ///< a message with more events than the limit

    // archive
    archive_truncated,  ///< the bytes end before the state does
    archive_corrupt,    ///< a length, tag or value that cannot be
    archive_version,    ///< written by a newer version of the type

    // pipeline
    too_many_keys,  ///< the limit on distinct keys with state is reached
    key_too_long,   ///< a key beyond `max_key_bytes`
    too_far_ahead,  ///< an event dated further ahead of the clock than `max_ahead`

    // storage
    storage_full,        ///< no space left on the device
    storage_locked,      ///< another process holds the file
    storage_failed,      ///< any other failure of the storage engine
    storage_queue_full,  ///< the bounded queue to the writer is full; rows were dropped
    storage_schema,      ///< the stored table does not fit the record's schema
    storage_removed,     ///< the file was removed, moved or replaced while it was in use

    // websocket and http
    bad_request,         ///< 400: not a valid HTTP request or upgrade
    unauthorized,        ///< 401: a guard asks who it is; close 1008
    forbidden,           ///< 403: refused by a guard or an authorisation rule; close 1008
    not_found,           ///< 404: no such path
    method_not_allowed,  ///< 405
    too_many_requests,   ///< 429: beyond a rate limit; close 1008
    length_required,     ///< 411: a body without a Content-Length
    header_too_large,    ///< 431: request head beyond its limits
    upgrade_required,    ///< 426: a WebSocket version other than 13
    protocol_error,      ///< close 1002 (RFC 6455, 7.4.1)
    unsupported_data,    ///< close 1003
    invalid_utf8,        ///< close 1007
    message_too_big,     ///< close 1009; 413
    handler_failed,      ///< 500: a handler threw; close 1011
    try_again_later,     ///< 503: the server is full or ends; close 1013: the consumer is too slow
    timed_out,           ///< handshake, message, idle or close timeout; 408
    connection_lost,     ///< the peer went away without a close frame

    // journal
    journal_of_others,  ///< recorded of other inputs than these
};

/// The category of `errc`; its name is "millrace".
[[nodiscard]] const std::error_category& error_category() noexcept;

[[nodiscard]] inline std::error_code make_error_code(errc e) noexcept {
    return {static_cast<int>(e), error_category()};
}

namespace detail {

[[nodiscard]] constexpr const char* message_of(errc e) noexcept {
    switch (e) {
        case errc::malformed_json: return "malformed JSON";
        case errc::nul_byte: return "NUL byte in message";
        case errc::too_deep: return "nested too deep";
        case errc::too_many_members: return "too many members";
        case errc::string_too_long: return "string too long";
        case errc::wrong_type: return "wrong type";
        case errc::out_of_range: return "number out of range";
        case errc::missing_field: return "missing field";
        case errc::duplicate_field: return "duplicate field";
        case errc::unknown_enumerator: return "unknown enumerator";
        case errc::invalid_timestamp: return "invalid timestamp";
        case errc::not_an_object: return "event is not a JSON object";
        case errc::too_many_events: return "too many events in one message";
        case errc::archive_truncated: return "archive truncated";
        case errc::archive_corrupt: return "archive corrupt";
        case errc::archive_version: return "archive written by a newer version";
        case errc::too_many_keys: return "too many keys";
        case errc::key_too_long: return "key too long";
        case errc::too_far_ahead: return "event time too far ahead of the clock";
        case errc::storage_full: return "storage full";
        case errc::storage_locked: return "storage locked";
        case errc::storage_failed: return "storage failed";
        case errc::storage_queue_full: return "storage queue full";
        case errc::storage_schema: return "stored table does not fit the schema";
        case errc::storage_removed: return "storage file removed or replaced";
        case errc::bad_request: return "bad request";
        case errc::unauthorized: return "unauthorized";
        case errc::forbidden: return "forbidden";
        case errc::not_found: return "not found";
        case errc::method_not_allowed: return "method not allowed";
        case errc::too_many_requests: return "too many requests";
        case errc::length_required: return "length required";
        case errc::header_too_large: return "request header too large";
        case errc::upgrade_required: return "unsupported WebSocket version";
        case errc::protocol_error: return "WebSocket protocol error";
        case errc::unsupported_data: return "unsupported data";
        case errc::invalid_utf8: return "invalid UTF-8";
        case errc::message_too_big: return "message too big";
        case errc::handler_failed: return "handler failed";
        case errc::try_again_later: return "try again later";
        case errc::timed_out: return "timed out";
        case errc::connection_lost: return "connection lost";
        case errc::journal_of_others: return "recorded of other inputs";
    }
    return "unknown error";
}

class category final : public std::error_category {
public:
    const char* name() const noexcept override { return "millrace"; }
    std::string message(int code) const override { return message_of(static_cast<errc>(code)); }
};

}  // namespace detail

inline const std::error_category& error_category() noexcept {
    static const detail::category instance;
    return instance;
}

}  // namespace millrace

template <>
struct std::is_error_code_enum<millrace::errc> : std::true_type {};
