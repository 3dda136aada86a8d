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
[[nodiscard]] inline bool is_server_name(std::string_view name) noexcept {
    return !name.empty() && name.size() <= 255 && !name.starts_with('.') &&
           std::ranges::all_of(name, [](char c) { return c > ' ' && c < '\x7f' && c != '*'; });
}

inline void require_tls(bool is_done, const std::string& what) {
    if (!is_done) throw std::system_error(take_tls_error(), "millrace: " + what);
}

/// What servers and clients have in common: TLS 1.2 with forward secrecy and authenticated
/// encryption only, or 1.3 (RFC 9325).
[[nodiscard]] inline tls_context make_context(const SSL_METHOD* method,
                                              const tls_options& options) {
    ::ERR_clear_error();
    const tls_context made{::SSL_CTX_new(method), ::SSL_CTX_free};
    SSL_CTX* const context = made.get();
    require_tls(context != nullptr && SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
                    ::SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1,
                "cannot set up TLS");
    ::SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    // By default OpenSSL asks at the terminal.
    ::SSL_CTX_set_default_passwd_cb(context, [](char*, int, int, void*) { return 0; });
    if (options.certificate_file.empty()) return made;

    const auto& certificate = options.certificate_file;
    const auto& key = options.private_key_file.empty() ? certificate : options.private_key_file;
    require_tls(::SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) == 1,
                certificate);
    require_tls(::SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) == 1, key);
    return made;
}

inline int select_alpn(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
                       const unsigned char* offered, unsigned offered_size, void*) noexcept {
    unsigned char* found = nullptr;
    const int outcome = ::SSL_select_next_proto(&found, chosen_size, alpn_http, sizeof alpn_http,
                                                offered, offered_size);
    *chosen = found;
    return outcome == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

[[nodiscard]] inline tls_context make_server_context(const tls_options& options) {
    auto made = make_context(::TLS_server_method(), options);
    SSL_CTX* const context = made.get();
    ::SSL_CTX_set_alpn_select_cb(context, select_alpn, nullptr);
    if (options.clients == client_certificates::none) return made;

    const auto& issuers = options.client_ca_file;
    auto* const names = ::SSL_load_client_CA_file(issuers.c_str());
    require_tls(names != nullptr, issuers);
    ::SSL_CTX_set_client_CA_list(context, names);
    require_tls(::SSL_CTX_load_verify_file(context, issuers.c_str()) == 1, issuers);
    // A ticket would let a client in when its certificate has expired, or is trusted no more.
    ::SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    require_tls(::SSL_CTX_set_num_tickets(context, 0) == 1, "cannot set up TLS");
    ::SSL_CTX_set_session_id_context(context, alpn_http, sizeof alpn_http);
    const bool is_required = options.clients == client_certificates::required;
    ::SSL_CTX_set_verify(
        context, SSL_VERIFY_PEER | (is_required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), nullptr);
    return made;
}

[[nodiscard]] inline tls_context make_client_context(const tls_options& options) {
    auto made = make_context(::TLS_client_method(), options);
    SSL_CTX* const context = made.get();
    ::SSL_CTX_set_alpn_protos(context, alpn_http, sizeof alpn_http);
    if (!options.verify_server) return made;
    require_tls(options.ca_file.empty()
                    ? ::SSL_CTX_set_default_verify_paths(context) == 1
                    : ::SSL_CTX_load_verify_file(context, options.ca_file.c_str()) == 1,
                options.ca_file);
    ::SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    return made;
}

/// The contexts in force: those of new connections. Any thread may ask for them.
class tls_contexts {
public:
    /// @throws std::invalid_argument, std::system_error
    explicit tls_contexts(tls_options settings) : options{std::move(settings)} {
        const bool asks = options.clients != client_certificates::none;
        if (asks && options.client_ca_file.empty())
            throw std::invalid_argument("millrace: clients' certificates need a client_ca_file");
        if (options.certificate_file.empty() && !options.private_key_file.empty())
            throw std::invalid_argument("millrace: a private_key_file needs a certificate_file");
        const auto& name = options.server_name;
        if (!name.empty() && !is_server_name(name))
            throw std::invalid_argument("millrace: no server's name is like \"" + name + '"');
        load();
    }

    /// Reads the files again. @throws std::system_error, and leaves all as it is.
    void load() {
        auto server = options.certificate_file.empty() ? nullptr : make_server_context(options);
        auto client = make_client_context(options);
        const std::lock_guard lock{mutex_};
        server_.swap(server);
        client_.swap(client);
    }

    /// None without a certificate.
    [[nodiscard]] tls_context server() const {
        const std::lock_guard lock{mutex_};
        return server_;
    }
    [[nodiscard]] tls_context client() const {
        const std::lock_guard lock{mutex_};
        return client_;
    }

    const tls_options options;

private:
    mutable std::mutex mutex_;
    tls_context server_;
    tls_context client_;
};

}  // namespace detail

}  // namespace millrace
