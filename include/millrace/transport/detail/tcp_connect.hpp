#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>

#include <millrace/transport/detail/name_lookup.hpp>
#include <millrace/transport/detail/staggered_connect.hpp>
#include <millrace/transport/http_connect.hpp>
#include <millrace/transport/transport.hpp>

namespace millrace::detail {

/// One attempt to connect, by way of a proxy if there is one: looks the name up and tries its
/// addresses.
template <class Stream, class Handler>
class tcp_connect : public std::enable_shared_from_this<tcp_connect<Stream, Handler>> {
    using socket = asio::ip::tcp::socket;

public:
    tcp_connect(asio::io_context& io, const connect_options& to, Handler f)
        : io_{io},
          lookup_{io},
          race_{std::make_shared<staggered_connect>(io)},
          to_{to.host, to.port},
          has_proxy_{!to.proxy.empty()},
          first_{has_proxy_ ? parse_authority(to.proxy) : to_},
          handler_{std::move(f)} {}

    void start() {
        if (!first_)
            return asio::post(io_, [self = this->shared_from_this()] {
                self->fail(asio::error::invalid_argument);
            });
        lookup_.start(
            first_->host, first_->port,
            [self = this->shared_from_this()](std::error_code error, const auto& addresses) {
                error || self->is_cancelled_ ? self->fail(error) : self->connect(addresses);
            },
            system_addresses);
    }

    void cancel() {
        is_cancelled_ = true;
        lookup_.cancel();
        race_->cancel();
        if (cancel_tunnel_) cancel_tunnel_();
    }

private:
    void connect(const tcp_endpoints& addresses) {
        race_->start(addresses,
                     [self = this->shared_from_this()](std::error_code error, socket connected) {
                         self->on_connected(error, std::move(connected));
                     });
    }

    void on_connected(std::error_code error, socket connected) {
        if (error || is_cancelled_) return fail(error);
        Stream stream{std::move(connected)};
        if (!has_proxy_) return handler_(error, std::move(stream));
        cancel_tunnel_ = async_http_connect(
            std::move(stream), to_.host, to_.port,
            [self = this->shared_from_this()](std::error_code result, Stream tunnel) {
                self->handler_(result, std::move(tunnel));
            });
    }

    void fail(std::error_code error) {
        if (is_cancelled_) error = asio::error::operation_aborted;
        handler_(error, Stream{socket{io_}});
    }

    asio::io_context& io_;
    name_lookup lookup_;
    std::shared_ptr<staggered_connect> race_;
    authority to_;
    bool has_proxy_;
    std::optional<authority> first_;  ///< whom to connect to; none if the proxy's name is none
    Handler handler_;
    std::function<void()> cancel_tunnel_;
    bool is_cancelled_ = false;
};

}  // namespace millrace::detail
