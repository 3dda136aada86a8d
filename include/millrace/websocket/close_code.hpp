#pragma once

#include <cstdint>
#include <system_error>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/core/error.hpp>

namespace millrace::websocket {

/// Why a connection closes (RFC 6455, section 7.4 and IANA's registry).
/// Applications may use 3000 to 4999 by a cast.
enum class close_code : std::uint16_t {
    normal = 1000,
    going_away = 1001,
    protocol_error = 1002,
    unsupported_data = 1003,
    no_status = 1005,  ///< never on the wire: the close frame held no code
    abnormal = 1006,   ///< never on the wire: there was no close frame
    invalid_payload = 1007,
    policy_violation = 1008,
    message_too_big = 1009,
    extension_required = 1010,
    internal_error = 1011,
    service_restart = 1012,
    try_again_later = 1013,
    bad_gateway = 1014,
};

/// True for the codes that a close frame may carry (RFC 6455, section 7.4.2): 1000 to 1014 without
/// the reserved 1004, 1005 and 1006, and 3000 to 4999.
[[nodiscard]] constexpr bool may_be_sent(close_code code) noexcept {
    const auto value = static_cast<std::uint16_t>(code);
    if (value >= 3000 && value <= 4999) return true;
    return value >= 1000 && value <= 1014 && (value < 1004 || value > 1006);
}

/// The code that tells the peer about `error`: 1000 for none, 1011 for one with no code of its own.
[[nodiscard]] close_code close_code_of(std::error_code error) noexcept;

}  // namespace millrace::websocket

#ifndef MILLRACE_COMPILED
#include <millrace/websocket/close_code.ipp>
#endif
