#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <asio/buffer.hpp>
#include <asio/error.hpp>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/core/error.hpp>
#include <millrace/transport/detail/canceller.hpp>

namespace millrace {

namespace detail {

struct authority {
    std::string host;
    std::uint16_t port;
};

/// "host:port" or "[::1]:port" (RFC 3986, 3.2, without user information, and with a port).
[[nodiscard]] std::optional<authority> parse_authority(std::string_view text);

[[nodiscard]] std::string to_string(const authority& to);

/// Whether it can stand in a request without breaking out of its place.
[[nodiscard]] inline bool is_visible(std::string_view text) noexcept {
    return std::ranges::all_of(text, [](char c) { return c > ' ' && c != '\x7f'; });
}

/// The class of the status in the head of a proxy's answer, 1 to 5; 0 for what is none.
[[nodiscard]] int status_class(std::string_view head) noexcept;

/// What the head of a proxy's answer says: whether the tunnel stands.
[[nodiscard]] std::error_code check_connect_response(std::string_view head) noexcept;

template <class Stream, class Handler>
class http_tunnel : public std::enable_shared_from_this<http_tunnel<Stream, Handler>> {
public:
    http_tunnel(Stream stream, const authority& to, Handler f)
        : stream_{std::move(stream)}, handler_{std::move(f)} {
        const auto name = to_string(to);
        if (is_visible(name))
            request_ = "CONNECT " + name + " HTTP/1.1\r\nHost: " + name + "\r\n\r\n";
    }

    void start() { await_writable(); }

    void cancel() {
        is_cancelled_ = true;
        stream_.close();
    }

private:
    void await_writable() {
        stream_.async_wait_writable(
            [self = this->shared_from_this()](std::error_code error) { self->write(error); });
    }

    void await_readable() {
        stream_.async_wait_readable(
            [self = this->shared_from_this()](std::error_code error) { self->read(error); });
    }

    void write(std::error_code error) {
        if (request_.empty()) return end(asio::error::invalid_argument);
        std::size_t size = 0;
        const std::array<asio::const_buffer, 1> rest{asio::buffer(request_)};
        if (!error) size = stream_.write_some(rest, error);
        if (error && error != asio::error::would_block) return end(error);
        request_.erase(0, size);
        request_.empty() ? await_readable() : await_writable();
    }

    /// Byte by byte: what follows the head is the tunnel's.
    void read(std::error_code error) {
        char byte = 0;
        while (!error && !is_answered()) {
            if (interim_bytes_ + head_.size() == max_head_bytes) return end(errc::header_too_large);
            if (stream_.read_some({&byte, 1}, error) != 0) head_.push_back(byte);
        }
        if (error == asio::error::would_block) return await_readable();
        if (error == asio::error::eof) error = errc::connection_lost;
        end(error ? error : check_connect_response(head_));
    }

    /// Interim answers (1xx) are thrown away.
    [[nodiscard]] bool is_answered() {
        if (!head_.ends_with("\r\n\r\n")) return false;
        if (status_class(head_) != 1) return true;
        interim_bytes_ += head_.size();
        head_.clear();
        return false;
    }

    void end(std::error_code error) {
        if (is_cancelled_) error = asio::error::operation_aborted;
        if (error) stream_.close();
        handler_(error, std::move(stream_));
    }

    static constexpr std::size_t max_head_bytes = 8192;

    Stream stream_;
    Handler handler_;
    std::string request_;
    std::string head_;
    std::size_t interim_bytes_ = 0;
    bool is_cancelled_ = false;
};

}  // namespace detail

/// Asks the HTTP proxy at the other end of `stream` for a tunnel to `host` and `port` by CONNECT
/// (RFC 9110, 9.3.6), and calls `f(std::error_code, Stream)` once. Gives a function that ends the
/// attempt. An answer other than 2xx is `asio::error::connection_refused`, or `errc::unauthorized`
/// if the proxy asks for credentials (407); a head beyond 8192 bytes is `errc::header_too_large`, a
/// host with spaces or control characters `asio::error::invalid_argument`.
template <class Stream, class Handler>
[[nodiscard]] std::function<void()> async_http_connect(Stream stream, const std::string& host,
                                                       std::uint16_t port, Handler f) {
    using tunnel = detail::http_tunnel<Stream, Handler>;
    const auto made =
        std::make_shared<tunnel>(std::move(stream), detail::authority{host, port}, std::move(f));
    made->start();
    return detail::canceller_of(made);
}

}  // namespace millrace

#ifndef MILLRACE_COMPILED
#include <millrace/transport/http_connect.ipp>
#endif
