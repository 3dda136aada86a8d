#pragma once

#include <millrace/transport/tls_error.hpp>

namespace millrace::detail {

MILLRACE_INLINE std::string tls_error_category::message(int code) const {
    ::OPENSSL_init_ssl(OPENSSL_INIT_LOAD_SSL_STRINGS | OPENSSL_INIT_LOAD_CRYPTO_STRINGS, nullptr);
    const char* const reason = ::ERR_reason_error_string(static_cast<unsigned long>(code));
    return reason != nullptr ? reason : "TLS error " + std::to_string(code);
}

MILLRACE_INLINE std::error_code take_tls_error() noexcept {
    const unsigned long code = ::ERR_get_error();
    ::ERR_clear_error();
    if (ERR_SYSTEM_ERROR(code)) return {ERR_GET_REASON(code), std::system_category()};
    return {static_cast<int>(code), tls_category()};
}

}  // namespace millrace::detail

namespace millrace {

MILLRACE_INLINE const std::error_category& tls_category() noexcept {
    static const detail::tls_error_category instance;
    return instance;
}

MILLRACE_INLINE const std::error_category& certificate_category() noexcept {
    static const detail::certificate_error_category instance;
    return instance;
}

}  // namespace millrace
