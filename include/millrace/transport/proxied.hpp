#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <system_error>
#include <utility>

#include <asio/buffer.hpp>
#include <asio/io_context.hpp>

#include <millrace/core/error.hpp>
#include <millrace/transport/address_list.hpp>
#include <millrace/transport/proxy_header.hpp>
#include <millrace/transport/tcp.hpp>
#include <millrace/transport/transport.hpp>

namespace millrace {

/// Who speaks the PROXY protocol.
struct proxied_options {
    /// Proxies: their connections must begin with a header.
    address_list trusted{};
    /// Closes the connections of all others, instead of serving them as they are.
    bool refuse_others = false;
};

/// A stream that may begin with a PROXY header, which the first read takes off. A wrong one is
/// `errc::bad_request`.
template <class Lower>
class proxied_stream {
public:
    proxied_stream(Lower lower, bool begins_with_header)
        : lower_{std::move(lower)}, awaits_header_{begins_with_header} {}

    template <class Handler>
    void async_wait_readable(Handler handler) {
        lower_.async_wait_readable(std::move(handler));
    }

    template <class Handler>
    void async_wait_writable(Handler handler) {
        lower_.async_wait_writable(std::move(handler));
    }

    std::size_t read_some(std::span<char> to, std::error_code& error) {
        if (awaits_header_ && !read_header(error)) return 0;
        return lower_.read_some(to, error);
    }

    std::size_t write_some(std::span<const asio::const_buffer> from, std::error_code& error) {
        return lower_.write_some(from, error);
    }

    void shutdown() { lower_.shutdown(); }
    void close() { lower_.close(); }

    /// The one that the header announces; empty until that was read.
    [[nodiscard]] std::string remote_address() const {
        if (awaits_header_) return {};
        return source_.empty() ? lower_.remote_address() : source_;
    }

private:
    /// Reads no byte more than the header has.
    bool read_header(std::error_code& error) {
        auto parsed = parse_proxy_header(header_);
        while (parsed.state == proxy_header::states::incomplete) {
            const std::size_t size = header_.size();
            header_.resize(size + parsed.bytes);
            const std::span<char> rest{header_.data() + size, parsed.bytes};
            error.clear();
            header_.resize(size + lower_.read_some(rest, error));
            if (error) return false;
            parsed = parse_proxy_header(header_);
        }
        if (parsed.state == proxy_header::states::failed) {
            error = errc::bad_request;
            return false;
        }
        source_ = std::move(parsed.source);
        std::string{}.swap(header_);
        awaits_header_ = false;
        return true;
    }

    Lower lower_;
    std::string header_;
    std::string source_;
    bool awaits_header_;
};

/// The transport behind proxies that announce their clients by the PROXY protocol, version 1 or 2.
/// TLS goes above it: `basic_tls<proxied<tcp>>`.
///
///     millrace::proxied<> wire{{.trusted = {"10.0.0.0/8"}}};
///     millrace::endpoint<millrace::proxied<>> server{{.port = 8080}, wire};
template <class Lower = tcp>
class proxied {
public:
    using stream = proxied_stream<typename Lower::stream>;

    class acceptor {
    public:
        template <class Handler>
        void async_accept(Handler f) {
            accept(std::move(f));
        }

        template <class Handler>
        requires distributing_transport<Lower>
        void async_accept(asio::io_context& of_stream, Handler f) {
            accept(std::move(f), of_stream);
        }

        [[nodiscard]] std::uint16_t port() const { return lower_.port(); }
        void close() { lower_.close(); }

    private:
        friend proxied;
        acceptor(std::shared_ptr<const proxied_options> options, typename Lower::acceptor lower)
            : options_{std::move(options)}, lower_{std::move(lower)} {}

        template <class Handler, class... Context>
        void accept(Handler f, Context&... of_stream) {
            lower_.async_accept(of_stream...,
                                [this, &of_stream..., options = options_, f = std::move(f)](
                                    std::error_code error, typename Lower::stream below) mutable {
                                    const bool is_trusted =
                                        !error && options->trusted.contains(below.remote_address());
                                    if (!error && !is_trusted && options->refuse_others) {
                                        below.close();
                                        return accept(std::move(f), of_stream...);
                                    }
                                    f(error, stream{std::move(below), is_trusted});
                                });
        }

        std::shared_ptr<const proxied_options> options_;
        typename Lower::acceptor lower_;
    };

    explicit proxied(proxied_options options = {}, Lower lower = {})
        : options_{std::make_shared<const proxied_options>(std::move(options))},
          lower_{std::move(lower)} {}

    [[nodiscard]] acceptor listen(asio::io_context& io, const listen_options& options) {
        return {options_, lower_.listen(io, options)};
    }

    /// As the transport below does; sends no header.
    template <class Handler>
    std::function<void()> async_connect(asio::io_context& io, const connect_options& to,
                                        Handler f) {
        return lower_.async_connect(
            io, to,
            [f = std::move(f)](std::error_code error, typename Lower::stream below) mutable {
                f(error, stream{std::move(below), false});
            });
    }

private:
    std::shared_ptr<const proxied_options> options_;
    Lower lower_;
};

}  // namespace millrace
