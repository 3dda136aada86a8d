#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <system_error>
#include <utility>

#include <asio/error.hpp>

#include <millrace/core/log.hpp>
#include <millrace/endpoint/detail/limits/connection_limits.hpp>
#include <millrace/transport/transport.hpp>

namespace millrace::detail {

/// Accepts an endpoint's connections, in its first loop, and gives each to the loop that has the
/// fewest. `Endpoint` is the endpoint, see `endpoint_core`.
template <class Endpoint, class Transport>
class listener {
    using stream_type = typename Transport::stream;

public:
    listener(Endpoint& endpoint, typename Transport::acceptor acceptor)
        : endpoint_{endpoint}, acceptor_{std::move(acceptor)} {}

    void accept() {
        auto& to = choose();
        auto take = [this, endpoint = endpoint_.shared_from_this(), &to](std::error_code error,
                                                                         stream_type stream) {
            on_accept(error, std::move(stream), to);
        };
        if constexpr (distributing_transport<Transport>) {
            acceptor_.async_accept(to.shared_loop()->io, std::move(take));
        } else {
            acceptor_.async_accept(std::move(take));
        }
    }

    /// After an error; the caller waits a while before.
    void resume() {
        if (std::exchange(is_paused_, false)) accept();
    }

    void close() { acceptor_.close(); }

    [[nodiscard]] std::uint16_t port() const { return acceptor_.port(); }

private:
    /// The one with the fewest connections; of several the next in turn.
    [[nodiscard]] auto& choose() noexcept {
        const auto& workers = endpoint_.workers();
        std::size_t chosen = turn_;
        for (std::size_t i = 1; i < workers.size(); ++i) {
            const std::size_t at = (turn_ + i) % workers.size();
            if (workers[at]->load() < workers[chosen]->load()) chosen = at;
        }
        turn_ = (chosen + 1) % workers.size();
        return *workers[chosen];
    }

    template <class Worker>
    void on_accept(std::error_code error, stream_type stream, Worker& to) {
        if (endpoint_.is_stopping() || endpoint_.is_draining()) return;
        if (!error) {
            endpoint_.shared_loop()->contain([&] { assign(std::move(stream), to); });
        } else {
            auto& loop = *endpoint_.shared_loop();
            ++loop.counters.accept_errors;
            loop.tell(log_severity::error, log_event::accept_failed, 0, error.message());
            // The peer's change of mind is no reason to pause; lack of descriptors or memory is.
            is_paused_ = error != asio::error::connection_aborted;
        }
        if (!is_paused_) accept();
    }

    template <class Worker>
    void assign(stream_type stream, Worker& to) {
        auto& counters = endpoint_.shared_loop()->counters;
        const std::string address = stream.remote_address();
        auto place = endpoint_.limits->accept(address);
        if (place) ++counters.accepted;
        if (!place || place->why_surplus() != surplus::none) {
            ++counters.refused;
            tell_refused(address, place ? std::uint64_t{counters.accepted} : 0);
        }
        if (place)
            to.assign(std::move(stream), counters.accepted, *std::move(place),
                      endpoint_.clock.elapsed());
    }

    void tell_refused(const std::string& address, std::uint64_t connection) {
        auto& loop = *endpoint_.shared_loop();
        if (loop.log)
            loop.tell(log_severity::warning, log_event::refused, connection,
                      "too many connections or handshakes, from " + address + " or in all");
    }

    Endpoint& endpoint_;
    typename Transport::acceptor acceptor_;
    std::size_t turn_ = 0;  ///< whose it is to get the next, if all have as many
    bool is_paused_ = false;
};

}  // namespace millrace::detail
