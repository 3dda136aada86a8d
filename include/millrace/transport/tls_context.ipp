#pragma once

#include <millrace/transport/tls_context.hpp>

namespace millrace::detail {

MILLRACE_INLINE bool is_server_name(std::string_view name) noexcept {
    return !name.empty() && name.size() <= 255 && !name.starts_with('.') &&
           std::ranges::all_of(name, [](char c) { return c > ' ' && c < '\x7f' && c != '*'; });
}

MILLRACE_INLINE tls_context make_context(const SSL_METHOD* method, const tls_options& options) {
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

MILLRACE_INLINE int select_alpn(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
                                const unsigned char* offered, unsigned offered_size,
                                void*) noexcept {
    unsigned char* found = nullptr;
    const int outcome = ::SSL_select_next_proto(&found, chosen_size, alpn_http, sizeof alpn_http,
                                                offered, offered_size);
    *chosen = found;
    return outcome == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

MILLRACE_INLINE tls_context make_server_context(const tls_options& options) {
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

MILLRACE_INLINE tls_context make_client_context(const tls_options& options) {
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

MILLRACE_INLINE tls_contexts::tls_contexts(tls_options settings) : options{std::move(settings)} {
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

MILLRACE_INLINE void tls_contexts::load() {
    auto server = options.certificate_file.empty() ? nullptr : make_server_context(options);
    auto client = make_client_context(options);
    const std::lock_guard lock{mutex_};
    server_.swap(server);
    client_.swap(client);
}

MILLRACE_INLINE tls_context tls_contexts::server() const {
    const std::lock_guard lock{mutex_};
    return server_;
}

MILLRACE_INLINE tls_context tls_contexts::client() const {
    const std::lock_guard lock{mutex_};
    return client_;
}

}  // namespace millrace::detail
