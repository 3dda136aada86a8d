#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <string>
#include <system_error>

#include <millrace/core/detail/compiled.hpp>

namespace millrace {

/// OpenSSL's errors, by its own numbers; its name is "tls".
[[nodiscard]] const std::error_category& tls_category() noexcept;

/// Why a certificate is not trusted, by OpenSSL's X509_V_ERR_ numbers; its name is "certificate".
[[nodiscard]] const std::error_category& certificate_category() noexcept;

/// Those of the `tls_category` that callers ask for.
enum class tls_errc : int {
    /// The connection ended without the peer's close_notify: what came may not be all.
    truncated = ERR_PACK(ERR_LIB_SSL, 0, SSL_R_UNEXPECTED_EOF_WHILE_READING),
};

[[nodiscard]] inline std::error_code make_error_code(tls_errc e) noexcept {
    return {static_cast<int>(e), tls_category()};
}

namespace detail {

class tls_error_category final : public std::error_category {
public:
    const char* name() const noexcept override { return "tls"; }
    std::string message(int code) const override;
};

class certificate_error_category final : public std::error_category {
public:
    const char* name() const noexcept override { return "certificate"; }
    std::string message(int code) const override { return ::X509_verify_cert_error_string(code); }
};

/// Takes the oldest error, which is nearest to the cause, out of this thread's queue.
[[nodiscard]] std::error_code take_tls_error() noexcept;

}  // namespace detail

const std::error_category& tls_category() noexcept;

const std::error_category& certificate_category() noexcept;

}  // namespace millrace

template <>
struct std::is_error_code_enum<millrace::tls_errc> : std::true_type {};

#ifndef MILLRACE_COMPILED
#include <millrace/transport/tls_error.ipp>
#endif
