#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <millrace/adapters/foreign_connection.hpp>
#include <millrace/adapters/hosted_pipeline.hpp>

namespace millrace {

namespace detail {

/// A `boost::beast::websocket::stream` that a hosted pipeline reads and writes: one message at a
/// time each way, as Beast wants it. Its pending operations own it, or
/// what it has sent that waits for the pipeline.
template <class Stream, class Buffer>
class beast_session : public std::enable_shared_from_this<beast_session<Stream, Buffer>> {
public:
    /// As `foreign_peer` says.
    class peer {
    public:
        explicit peer(std::weak_ptr<beast_session> of) : of_{std::move(of)} {}

        void wake() {
            if (const auto self = of_.lock())
                dispatch(self->stream_.get_executor(), [self] { self->one_->on_wake(); });
        }
        [[nodiscard]] std::size_t buffered_bytes() const {
            const auto self = of_.lock();
            return self && self->is_writing_ ? std::numeric_limits<std::size_t>::max() : 0;
        }
        void send(std::shared_ptr<const std::string> text) {
            if (const auto self = of_.lock()) self->write(std::move(text));
        }
        void wait_for_room() noexcept {}  // the write that is under way calls
        void pause() {
            if (const auto self = of_.lock()) self->is_paused_ = true;
        }
        void resume() {
            const auto self = of_.lock();
            if (self && std::exchange(self->is_paused_, false) && !self->is_closing_) self->read();
        }
        void close(std::uint16_t code, std::string_view reason) {
            if (const auto self = of_.lock()) self->close(code, reason);
        }

        [[nodiscard]] std::shared_ptr<void> owner() const { return of_.lock(); }

    private:
        std::weak_ptr<beast_session> of_;
    };

    beast_session(Stream&& wire, Buffer&& with)
        : stream_{std::move(wire)}, buffer_{std::move(with)} {
        buffer_.consume(buffer_.size());
    }

    void run(std::shared_ptr<foreign_connection<peer>> one) {
        one_ = std::move(one);
        one_->open();
        read();
    }

private:
    void read() {
        stream_.async_read(buffer_, [self = this->shared_from_this()](auto error, std::size_t) {
            if (error) return self->leave();
            self->take();
        });
    }

    void take() {
        if (buffer_.size() == buffer_.max_size()) return close(1009, "message too big");
        static_cast<void>(buffer_.prepare(1));  // the byte behind the message
        const auto bytes = buffer_.data();
        if (stream_.got_text())
            one_->receive({static_cast<char*>(bytes.data()), bytes.size()});
        else
            one_->refuse_binary();
        buffer_.consume(buffer_.size());
        if (!is_paused_ && !is_closing_) read();
    }

    void leave() {
        if (!std::exchange(has_left_, true)) one_->close();
    }

    void write(std::shared_ptr<const std::string> text) {
        is_writing_ = true;
        stream_.text(true);
        const typename Buffer::const_buffers_type bytes{text->data(), text->size()};
        stream_.async_write(bytes, [self = this->shared_from_this(), text = std::move(text)](
                                       auto error, std::size_t) {
            self->is_writing_ = false;
            if (!error) self->one_->on_wake();
        });
    }

    /// From then on the close itself reads, up to the peer's answer or the stream's timeout.
    void close(std::uint16_t code, std::string_view reason) {
        if (std::exchange(is_closing_, true)) return;
        auto why = stream_.reason();
        why.code = code;
        why.reason.assign(reason.data(), reason.size());
        stream_.async_close(why, [self = this->shared_from_this()](auto) { self->leave(); });
    }

    Stream stream_;
    Buffer buffer_;
    std::shared_ptr<foreign_connection<peer>> one_;
    bool is_writing_ = false;
    bool is_paused_ = false;
    bool is_closing_ = false;
    bool has_left_ = false;
};

}  // namespace detail

/// Gives a `boost::beast::websocket::stream` to `streams`, which reads and writes it from now on,
/// if `path` is a path of these; else false, and the stream is as it was. To be called when the
/// upgrade is done, in the stream's executor; a request for another path is better answered before,
/// see `hosted_pipeline::knows`.
///
///     if (!mr::adopt(ws, buffer, request.target(), streams)) my_session(std::move(ws));
///
/// Timeouts and `read_message_max` are the stream's own: set them before. Built without NDEBUG,
/// Beast 1.74 stops at an assertion of its own where a peer does not end the closing handshake in
/// time. Nothing of Beast is included here.
/// @tparam Stream whose executor is that of one thread, or a strand
/// @tparam Text a text of any library: with `data()` and `size()`
/// @param buffer a `boost::beast::flat_buffer`, which messages are read into, up to its `max_size`;
/// what it holds goes, for nobody may send before the answer (RFC 6455, 4.1)
template <class Stream, class Buffer, class Text, class Hosted>
bool adopt(Stream& stream, Buffer& buffer, const Text& path, Hosted& streams) {
    const std::string_view target{path.data(), path.size()};
    if (!streams.knows(target)) return false;
    using session_type = detail::beast_session<Stream, Buffer>;
    const auto made = std::make_shared<session_type>(std::move(stream), std::move(buffer));
    made->run(make_foreign_connection(streams, target, typename session_type::peer{made}));
    return true;
}

}  // namespace millrace
