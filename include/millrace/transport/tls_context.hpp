#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/core/log.hpp>
#include <millrace/transport/tls_error.hpp>

namespace millrace {

/// Whether a server asks its clients for certificates.
enum class client_certificates {
    none,
    optional,  ///< one that is shown must be valid
    required,
};

/// Whom to be, and whom to trust. Files are in PEM; a key with a password is not taken.
struct tls_options {
    /// A server's certificate, followed by those of its issuers but the root. A client with one
    /// shows it to servers that ask.
    std::string certificate_file{};
    /// The certificate's key; empty if that is in the same file.
    std::string private_key_file{};

    /// Where they are asked for no session is resumed: each handshake looks at the certificate.
    client_certificates clients = client_certificates::none;
    /// Who may have issued the clients' certificates.
    std::string client_ca_file{};

    /// Who may have issued the certificates of servers; empty for those that the system trusts.
    std::string ca_file{};
    /// The name, or address, that must be among those of the server's certificate; empty for the
    /// host of the client's URL, whatever `client_options::connect_host` is.
    std::string server_name{};
    /// Without it anybody in between can read and change everything: for tests only.
    bool verify_server = true;
    /// Gets a line each time that the files are read again.
    log_hook log{};
};

using tls_context = std::shared_ptr<SSL_CTX>;

namespace detail {

/// The only protocol offered or accepted (RFC 7301), with its length in front.
inline constexpr unsigned char alpn_http[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

/// Whether a certificate can be for it: OpenSSL takes ".test" for all that ends so.
[[nodiscard]] bool is_server_name(std::string_view name) noexcept;

inline void require_tls(bool is_done, const std::string& what) {
    if (!is_done) throw std::system_error(take_tls_error(), "millrace: " + what);
}

/// What servers and clients have in common: TLS 1.2 with forward secrecy and authenticated
/// encryption only, or 1.3 (RFC 9325).
[[nodiscard]] tls_context make_context(const SSL_METHOD* method, const tls_options& options);

int select_alpn(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
                const unsigned char* offered, unsigned offered_size, void*) noexcept;

[[nodiscard]] tls_context make_server_context(const tls_options& options);

[[nodiscard]] tls_context make_client_context(const tls_options& options);

/// The contexts in force: those of new connections. Any thread may ask for them.
class tls_contexts {
public:
    /// @throws std::invalid_argument, std::system_error
    explicit tls_contexts(tls_options settings);

    /// Reads the files again. @throws std::system_error, and leaves all as it is.
    void load();

    /// None without a certificate.
    [[nodiscard]] tls_context server() const;
    [[nodiscard]] tls_context client() const;

    const tls_options options;

private:
    mutable std::mutex mutex_;
    tls_context server_;
    tls_context client_;
};

}  // namespace detail

}  // namespace millrace

#ifndef MILLRACE_COMPILED
#include <millrace/transport/tls_context.ipp>
#endif
