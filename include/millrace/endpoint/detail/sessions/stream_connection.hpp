#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <system_error>
#include <utility>

#include <asio/buffer.hpp>
#include <asio/error.hpp>

#include <millrace/endpoint/connection.hpp>
#include <millrace/transport/detail/receive_buffer.hpp>

namespace millrace::detail {

/// A connection's bytes, in and out, without their meaning.
template <class Stream>
class stream_connection : public connection {
protected:
    stream_connection(std::shared_ptr<loop> owner, const endpoint_options& options,
                      std::uint64_t id, Stream stream)
        : connection{std::move(owner), options, id},
          stream_{std::move(stream)},
          receive_{loop_->shared_buffer()} {}

    /// What came, and what was left before. Returns how much of it is used up.
    virtual std::size_t on_received(std::span<char> bytes) = 0;

    /// The peer sends no more, or is gone.
    virtual void on_input_end() = 0;

    /// A user's code, or memory, failed in a way that leaves the connection in no known state.
    virtual void on_failure() noexcept = 0;

    [[nodiscard]] virtual bool wants_input() const noexcept = 0;

    /// The memory that this connection holds by itself; frames are counted by their pool.
    [[nodiscard]] virtual std::size_t held_bytes() const noexcept {
        return receive_.memory_bytes() + outbox_.memory_bytes();
    }

    /// To be called when `held_bytes` may have changed.
    void count_memory() noexcept {
        const std::size_t bytes = is_ended_ ? 0 : held_bytes();
        loop_->held_bytes += bytes - counted_bytes_;
        counted_bytes_ = bytes;
    }

    /// The memory that would be free without it.
    [[nodiscard]] std::size_t memory_bytes() const noexcept {
        return counted_bytes_ + outbox_.shared_bytes();
    }

    /// The transport has learned the peer's address, which it did not know at first.
    virtual void on_peer(const std::string& address) = 0;

    /// Waits for input, where it is wanted and not waited for already.
    void arm_read() {
        if (is_reading_ || is_ended_ || !wants_input()) return;
        is_reading_ = true;
        stream_.async_wait_readable([self = shared()](std::error_code error) {
            self->is_reading_ = false;
            if (!self->is_ended_) self->on_readable(error);
        });
    }

    /// Gives `on_received` what is left from before.
    void receive_again() {
        use(receive_.tail());
        arm_read();
    }

    /// Reads what has come, so that a peer is not judged by what a slow handler left unread.
    void receive_now() {
        if (!is_ended_ && wants_input()) static_cast<void>(receive({}));
    }

    /// To be told by `on_peer` when the transport knows the peer's address.
    void await_peer() noexcept { is_peer_known_ = false; }

    [[nodiscard]] bool has_partial_input() const noexcept { return receive_.size() != 0; }

    void write_out() final {
        while (!outbox_.empty() && !is_writing_ && !is_broken_) {
            auto& parts = loop_->parts;
            const std::size_t count = outbox_.gather(std::span<asio::const_buffer>{parts});
            const std::span<const asio::const_buffer> front{parts.data(), count};
            std::error_code error;
            const std::size_t size = stream_.write_some(front, error);
            if (error && error != asio::error::would_block) return fail_output();
            outbox_.written(size);
            loop_->counters.bytes_out += size;
            bytes_out_ += size;
            if (size < asio::buffer_size(front)) wait_writable();
        }
    }

    /// The peer's, which a transport may know only once something was read.
    [[nodiscard]] std::string peer_address() const { return stream_.remote_address(); }

    /// Not before a TLS handshake is done.
    [[nodiscard]] bool can_answer() const noexcept {
        if constexpr (requires { stream_.is_established(); }) {
            return stream_.is_established();
        } else {
            return true;
        }
    }

    /// The subject of the peer's certificate, where the transport has one.
    [[nodiscard]] std::string peer_subject() const {
        if constexpr (requires { stream_.peer_subject(); }) {
            return stream_.peer_subject();
        } else {
            return {};
        }
    }

    /// Has what waits written once the system takes more.
    void wait_writable() {
        if (std::exchange(is_writing_, true)) return;
        stream_.async_wait_writable([self = shared()](std::error_code) {
            self->is_writing_ = false;
            if (self->is_ended_) return;
            const loop::turn turn{*self->loop_};
            self->schedule();
        });
    }

    /// Has the connection ended: what was begun cannot be written to its end.
    void fail_output() {
        is_broken_ = true;
        is_open_ = false;
        schedule();
    }

    [[nodiscard]] bool is_broken() const noexcept { return is_broken_; }

    void end_output() { stream_.shutdown(); }

    void end_stream() {
        is_ended_ = true;
        stream_.close();
        loop_->counters.frames_unsent += outbox_.discard();
        count_memory();
    }
    [[nodiscard]] bool is_ended() const noexcept { return is_ended_; }

    /// Read and written so far.
    [[nodiscard]] std::uint64_t bytes_in() const noexcept { return bytes_in_; }
    [[nodiscard]] std::uint64_t bytes_out() const noexcept { return bytes_out_; }

    [[nodiscard]] std::chrono::nanoseconds last_received() const noexcept { return last_received_; }

private:
    [[nodiscard]] std::shared_ptr<stream_connection> shared() {
        return std::static_pointer_cast<stream_connection>(shared_from_this());
    }

    void on_readable(std::error_code error) {
        const loop::turn turn{*loop_};
        if (receive(error)) arm_read();
    }

    /// False at the end of the input.
    [[nodiscard]] bool receive(std::error_code error) {
        std::size_t size = 0;
        std::span<char> area;
        try {
            area = receive_.prepare();
        } catch (const std::bad_alloc&) {
            on_failure();
            return false;
        }
        if (!error) size = stream_.read_some(area, error);
        if (!is_peer_known_) look_for_peer();
        if (is_ended_) return false;
        if (error == asio::error::would_block) return true;
        if (error) {
            on_input_end();
            return false;
        }
        loop_->counters.bytes_in += size;
        bytes_in_ += size;
        last_received_ = loop_->now;
        use(receive_.commit(size));
        return true;
    }

    void look_for_peer() noexcept {
        try {
            const auto address = peer_address();
            is_peer_known_ = !address.empty();
            if (is_peer_known_) on_peer(address);
        } catch (...) {
            on_failure();
        }
    }

    void use(std::span<char> bytes) noexcept {
        loop_->is_receiving = true;
        try {
            receive_.consume(on_received(bytes));
            count_memory();
        } catch (...) {
            on_failure();
        }
        loop_->is_receiving = false;
    }

    Stream stream_;
    receive_buffer receive_;
    std::chrono::nanoseconds last_received_{};
    std::uint64_t bytes_in_ = 0;
    std::uint64_t bytes_out_ = 0;
    std::size_t counted_bytes_ = 0;  ///< in the loop's `held_bytes`
    bool is_reading_ = false;
    bool is_writing_ = false;  ///< waits until the system takes more
    bool is_broken_ = false;
    bool is_ended_ = false;
    bool is_peer_known_ = true;
};

}  // namespace millrace::detail
