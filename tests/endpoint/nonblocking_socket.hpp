#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <system_error>
#include <vector>

#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>

namespace {

/// A client's end of a connection that never waits: `pump` does what can be done now, so that one
/// thread has many.
class nonblocking_socket {
public:
    virtual ~nonblocking_socket() = default;

    bool is_paused = false;  ///< reads nothing

    /// Sends and receives what it can at once. True if that was anything.
    bool pump() {
        if (is_ended_) return false;
        const bool has_written = write();
        return (!is_paused && read()) || has_written;
    }

    /// Ends it at once; with a reset, the server may lose what it has not read.
    void kill(bool resets) {
        if (resets) socket_.set_option(asio::socket_base::linger{true, 0});
        socket_.close();
        is_ended_ = true;
    }

    [[nodiscard]] bool is_ended() const noexcept { return is_ended_; }
    [[nodiscard]] std::size_t unsent_bytes() const noexcept { return out_.size(); }
    [[nodiscard]] int descriptor() { return is_ended_ ? -1 : socket_.native_handle(); }

protected:
    /// With small buffers the server soon has to wait for it.
    explicit nonblocking_socket(std::uint16_t port, bool has_small_buffers = false) : socket_{io_} {
        socket_.open(asio::ip::tcp::v4());
        if (has_small_buffers) {
            set(SOL_SOCKET, SO_RCVBUF, 4096);
            set(IPPROTO_TCP, TCP_MAXSEG, 536);
        }
        socket_.connect({asio::ip::address_v4::loopback(), port});
        socket_.set_option(asio::ip::tcp::no_delay{true});
        socket_.non_blocking(true);
    }

    /// More has come. What is understood is taken off the front of `in_`.
    virtual void parse() = 0;

    std::string out_;
    std::string in_;

private:
    void set(int level, int option, int value) {
        ::setsockopt(socket_.native_handle(), level, option, &value, sizeof value);
    }

    bool write() {
        if (out_.empty()) return false;
        std::error_code error;
        const std::size_t size = socket_.write_some(asio::buffer(out_), error);
        out_.erase(0, size);
        // What the server has sent before it closed is still to be read.
        if (error && error != asio::error::would_block) out_.clear();
        return size != 0;
    }

    bool read() {
        std::array<char, 16 * 1024> buffer;
        std::error_code error;
        const std::size_t size = socket_.read_some(asio::buffer(buffer), error);
        in_.append(buffer.data(), size);
        if (size != 0) parse();
        if (!error || error == asio::error::would_block) return size != 0;
        socket_.close();
        is_ended_ = true;
        return true;
    }

    asio::io_context io_;
    asio::ip::tcp::socket socket_;
    bool is_ended_ = false;
};

/// Waits for one of them, at most a moment: what becomes of what they sent shows nowhere.
void wait_for_one(const std::vector<nonblocking_socket*>& all) {
    std::vector<pollfd> waiting;
    for (auto* const each : all)
        if (const int descriptor = each->descriptor(); descriptor >= 0) {
            const short events = each->unsent_bytes() != 0 ? POLLIN | POLLOUT : POLLIN;
            waiting.push_back({each->is_paused ? -1 : descriptor, events, 0});
        }
    ::poll(waiting.data(), waiting.size(), 1);
}

}  // namespace
