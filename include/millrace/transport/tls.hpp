#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <asio/error.hpp>
#include <asio/io_context.hpp>

#include <millrace/core/log.hpp>
#include <millrace/transport/tcp.hpp>
#include <millrace/transport/tls_context.hpp>
#include <millrace/transport/tls_error.hpp>
#include <millrace/transport/tls_stream.hpp>
#include <millrace/transport/transport.hpp>

namespace millrace {

/// The transport over TLS 1.2 or 1.3, by OpenSSL, over any other transport; link `millrace::tls`.
///
///     millrace::tls wire{{.certificate_file = "chain.pem", .private_key_file = "key.pem"}};
///     millrace::endpoint<millrace::tls> server{{.port = 8443}, wire};
///     ...
///     wire.reload();  // the certificate has been renewed
///
/// Copies share their certificates. Both ends speak "http/1.1" only (ALPN, RFC 7301): a client that
/// offers other protocols and not this one is refused by the alert no_application_protocol.
template <class Lower = tcp>
class basic_tls {
public:
    static constexpr bool is_secure = true;

    using stream = tls_stream<typename Lower::stream>;

    class acceptor {
    public:
        template <class Handler>
        void async_accept(Handler f) {
            lower_.async_accept(above(*io_, std::move(f)));
        }

        template <class Handler>
        requires distributing_transport<Lower>
        void async_accept(asio::io_context& of_stream, Handler f) {
            lower_.async_accept(of_stream, above(of_stream, std::move(f)));
        }

        [[nodiscard]] std::uint16_t port() const { return lower_.port(); }
        void close() { lower_.close(); }

    private:
        friend basic_tls;
        acceptor(asio::io_context& io, std::shared_ptr<const detail::tls_contexts> contexts,
                 typename Lower::acceptor lower)
            : io_{&io}, contexts_{std::move(contexts)}, lower_{std::move(lower)} {}

        template <class Handler>
        [[nodiscard]] auto above(asio::io_context& io, Handler f) const {
            return [&io, contexts = contexts_, f = std::move(f)](
                       std::error_code error, typename Lower::stream below) mutable {
                stream made;
                if (!error)
                    made = guarded(error, [&] {
                        return stream::accepted(io, contexts->server(), std::move(below));
                    });
                f(error, std::move(made));
            };
        }

        asio::io_context* io_;
        std::shared_ptr<const detail::tls_contexts> contexts_;
        typename Lower::acceptor lower_;
    };

    /// @throws std::system_error for a file that cannot be read or used, std::invalid_argument for
    /// options that contradict each other
    explicit basic_tls(tls_options options = {}, Lower lower = {})
        : contexts_{std::make_shared<detail::tls_contexts>(std::move(options))},
          lower_{std::move(lower)} {}

    /// @throws std::invalid_argument without a certificate
    [[nodiscard]] acceptor listen(asio::io_context& io, const listen_options& options) {
        if (!contexts_->server())
            throw std::invalid_argument("millrace: a TLS server needs a certificate_file");
        return {io, contexts_, lower_.listen(io, options)};
    }

    /// The handshake follows with the first read or write.
    template <class Handler>
    std::function<void()> async_connect(asio::io_context& io, const connect_options& to,
                                        Handler f) {
        const auto& own = contexts_->options.server_name;
        const auto& name = own.empty() ? to.server_name : own;
        return lower_.async_connect(
            io, to,
            [&io, context = contexts_->client(), name = name.empty() ? to.host : name,
             f = std::move(f)](std::error_code error, typename Lower::stream below) mutable {
                stream made;
                if (!error)
                    made = guarded(error, [&] {
                        return stream::connected(io, context, std::move(below), name);
                    });
                f(error, std::move(made));
            });
    }

    /// Reads the files again, for the connections that come from now on. After an error all is as
    /// it was. Either is told to `tls_options::log`. To be called from any thread.
    std::error_code reload() {
        const auto& log = contexts_->options.log;
        try {
            contexts_->load();
            if (log)
                log({log_severity::info, log_event::certificate_reloaded, 0,
                     "for new connections"});
            return {};
        } catch (const std::system_error& e) {
            if (log) log({log_severity::error, log_event::certificate_failed, 0, e.what()});
            return e.code();
        }
    }

private:
    template <class Function>
    static stream guarded(std::error_code& error, Function&& make) {
        try {
            return make();
        } catch (const std::system_error& e) {
            error = e.code();
        } catch (const std::bad_alloc&) {
            error = asio::error::no_memory;
        }
        return {};
    }

    std::shared_ptr<detail::tls_contexts> contexts_;
    Lower lower_;
};

/// TLS over TCP.
using tls = basic_tls<tcp>;

}  // namespace millrace
