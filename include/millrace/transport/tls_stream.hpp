#pragma once

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <system_error>
#include <utility>

#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>

#include <millrace/transport/detail/callback.hpp>
#include <millrace/transport/detail/tls_session.hpp>
#include <millrace/transport/tls_context.hpp>
#include <millrace/transport/tls_error.hpp>

namespace millrace {

/// TLS over the stream `Lower` (RFC 8446, RFC 5246).
///
/// The handshake is part of the first reads and writes, which give its errors. The peer's
/// close_notify is `asio::error::eof`; an end without it is `tls_errc::truncated`.
///
/// Memory: about 15 KB for a server's connection at rest, nearly all of it OpenSSL's, and 17 KB
/// more for each direction in which something is under way.
template <class Lower>
class tls_stream {
public:
    /// A closed one.
    tls_stream() = default;

    /// The accepting end. @throws std::bad_alloc
    [[nodiscard]] static tls_stream accepted(asio::io_context& io, const tls_context& context,
                                             Lower lower) {
        auto ssl = make_ssl(context);
        ::SSL_set_accept_state(ssl.get());
        return {io, std::move(ssl), std::move(lower)};
    }

    /// The connecting end, which expects a certificate for `name`, a host's or an address, among
    /// its subjectAltNames; what is only its common name does not count (RFC 9525). @throws
    /// std::bad_alloc, std::system_error for what is neither
    [[nodiscard]] static tls_stream connected(asio::io_context& io, const tls_context& context,
                                              Lower lower, const std::string& name) {
        auto ssl = make_ssl(context);
        ::SSL_set_connect_state(ssl.get());
        if (!expect(ssl.get(), name))
            throw std::system_error(make_error_code(asio::error::invalid_argument), name);
        return {io, std::move(ssl), std::move(lower)};
    }

    tls_stream(tls_stream&&) noexcept = default;
    tls_stream& operator=(tls_stream&& other) noexcept {
        close();
        session_ = std::move(other.session_);
        return *this;
    }
    ~tls_stream() { close(); }

    template <class Handler>
    void async_wait_readable(Handler handler) {
        session_->wait_readable(detail::callback{std::move(handler)});
    }

    template <class Handler>
    void async_wait_writable(Handler handler) {
        session_->wait_writable(detail::callback{std::move(handler)});
    }

    std::size_t read_some(std::span<char> to, std::error_code& error) {
        return is_open(error) ? session_->read_some(to, error) : 0;
    }

    std::size_t write_some(std::span<const asio::const_buffer> from, std::error_code& error) {
        return is_open(error) ? session_->write_some(from, error) : 0;
    }

    /// Sends close_notify.
    void shutdown() {
        if (session_) session_->shutdown();
    }

    void close() {
        if (session_) session_->close();
    }

    [[nodiscard]] std::string remote_address() const {
        return session_ ? session_->lower().remote_address() : std::string{};
    }

    /// The handshake is done.
    [[nodiscard]] bool is_established() const noexcept {
        return session_ && session_->is_established();
    }

    /// Of the certificate that the peer has shown and that was found valid, as RFC 2253 writes it,
    /// such as "CN=gauge 7,O=Example"; else empty.
    [[nodiscard]] std::string peer_subject() const {
        X509* const certificate = session_ ? ::SSL_get0_peer_certificate(session_->ssl()) : nullptr;
        const bool is_valid = certificate != nullptr && is_verified();
        const std::unique_ptr<BIO, decltype(&::BIO_free)> text{
            is_valid ? ::BIO_new(::BIO_s_mem()) : nullptr, ::BIO_free};
        if (!text) return {};
        ::X509_NAME_print_ex(text.get(), ::X509_get_subject_name(certificate), 0,
                             XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
        char* begin = nullptr;
        const long size = BIO_get_mem_data(text.get(), &begin);
        return {begin, static_cast<std::size_t>(size)};
    }

    /// OpenSSL's own; null if closed from the start.
    [[nodiscard]] SSL* native_handle() const noexcept {
        return session_ ? session_->ssl() : nullptr;
    }

private:
    using session = detail::tls_session<Lower>;

    tls_stream(asio::io_context& io, detail::ssl_pointer ssl, Lower lower)
        : session_{std::make_shared<session>(io, std::move(ssl), std::move(lower))} {}

    static detail::ssl_pointer make_ssl(const tls_context& context) {
        detail::ssl_pointer made{::SSL_new(context.get())};
        if (!made) throw std::bad_alloc{};
        return made;
    }

    static bool expect(SSL* ssl, std::string name) {
        X509_VERIFY_PARAM* const wanted = ::SSL_get0_param(ssl);
        const bool is_text = name.find('\0') == name.npos;
        if (is_text && ::X509_VERIFY_PARAM_set1_ip_asc(wanted, name.c_str()) == 1) return true;
        if (name.ends_with('.')) name.pop_back();  // the root's, which no certificate has
        if (!detail::is_server_name(name)) return false;
        ::SSL_set_hostflags(
            ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
        return ::SSL_set1_host(ssl, name.c_str()) == 1 &&
               SSL_set_tlsext_host_name(ssl, name.c_str()) == 1;
    }

    [[nodiscard]] bool is_verified() const noexcept {
        SSL* const ssl = session_->ssl();
        return (::SSL_get_verify_mode(ssl) & SSL_VERIFY_PEER) != 0 &&
               ::SSL_is_init_finished(ssl) == 1 && ::SSL_get_verify_result(ssl) == X509_V_OK;
    }

    bool is_open(std::error_code& error) const noexcept {
        if (!session_) error = asio::error::bad_descriptor;
        return session_ != nullptr;
    }

    std::shared_ptr<session> session_;
};

}  // namespace millrace
