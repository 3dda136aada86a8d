#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include <asio/connect.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>

#include <millrace/transport/http_connect.hpp>
#include <millrace/transport/transport.hpp>

namespace millrace::detail {

/// One attempt to connect, by way of a proxy if there is one: looks the name up and tries each of
/// its addresses in turn.
template <class Stream, class Handler>
class tcp_connect : public std::enable_shared_from_this<tcp_connect<Stream, Handler>> {
public:
    tcp_connect(asio::io_context& io, const connect_options& to, Handler f)
        : resolver_{io},
          socket_{io},
          to_{to.host, to.port},
          has_proxy_{!to.proxy.empty()},
          first_{has_proxy_ ? parse_authority(to.proxy) : to_},
          handler_{std::move(f)} {}

    void start() {
        if (!first_)
            return asio::post(socket_.get_executor(), [self = this->shared_from_this()] {
                self->end(asio::error::invalid_argument);
            });
        resolver_.async_resolve(
            first_->host, std::to_string(first_->port), asio::ip::resolver_base::numeric_service,
            [self = this->shared_from_this()](std::error_code error, const auto& addresses) {
                error || self->is_cancelled_ ? self->end(error) : self->connect(addresses);
            });
    }

    void cancel() {
        is_cancelled_ = true;
        resolver_.cancel();
        std::error_code ignored;
        socket_.close(ignored);
        if (cancel_tunnel_) cancel_tunnel_();
    }

private:
    void connect(const asio::ip::tcp::resolver::results_type& addresses) {
        asio::async_connect(socket_, addresses,
                            [self = this->shared_from_this()](std::error_code error, const auto&) {
                                self->on_connected(error);
                            });
    }

    void on_connected(std::error_code error) {
        if (error || is_cancelled_ || !has_proxy_) return end(error);
        cancel_tunnel_ = async_http_connect(
            Stream{std::move(socket_)}, to_.host, to_.port,
            [self = this->shared_from_this()](std::error_code result, Stream stream) {
                self->handler_(result, std::move(stream));
            });
    }

    void end(std::error_code error) {
        if (is_cancelled_) error = asio::error::operation_aborted;
        handler_(error, Stream{std::move(socket_)});
    }

    asio::ip::tcp::resolver resolver_;
    asio::ip::tcp::socket socket_;
    authority to_;
    bool has_proxy_;
    std::optional<authority> first_;  ///< whom to connect to; none if the proxy's name is none
    Handler handler_;
    std::function<void()> cancel_tunnel_;
    bool is_cancelled_ = false;
};

}  // namespace millrace::detail
