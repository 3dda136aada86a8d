#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <millrace/adapters/foreign_connection.hpp>
#include <millrace/adapters/hosted_pipeline.hpp>

namespace millrace {

namespace detail {

/// A connection of a `websocketpp::server`, as `foreign_peer` says. It is woken by `interrupt`,
/// whose handler runs in its strand.
template <class Connection>
class websocketpp_peer {
public:
    explicit websocketpp_peer(const std::shared_ptr<Connection>& of) : of_{of} {}

    void wake() {
        if (const auto peer = of_.lock()) static_cast<void>(peer->interrupt());
    }

    /// Without what is being written, which was no more than this at some time.
    [[nodiscard]] std::size_t buffered_bytes() const {
        const auto peer = of_.lock();
        return peer ? peer->get_buffered_amount() : 0;
    }

    void send(const std::shared_ptr<const std::string>& text) {
        if (const auto peer = of_.lock()) static_cast<void>(peer->send(*text));
    }

    /// websocketpp tells nobody when it has sent something.
    void wait_for_room() {
        constexpr long milliseconds = 10;
        const auto peer = of_.lock();
        if (!peer || !timer_.expired()) return;
        timer_ = peer->set_timer(milliseconds, [of = of_](const auto&) {
            if (const auto waiting = of.lock()) static_cast<void>(waiting->interrupt());
        });
    }

    // `pause_reading` takes effect behind the next read, which `resume_reading` would then begin
    // once more. Its second half, called while a message is handled, is there before it.
    void pause() {
        if (const auto peer = of_.lock()) peer->handle_pause_reading();
    }
    void resume() {
        if (const auto peer = of_.lock()) peer->handle_resume_reading();
    }

    void close(std::uint16_t code, std::string_view reason) {
        std::error_code ignored;  // it closes already
        if (const auto peer = of_.lock()) peer->close(code, std::string{reason}, ignored);
    }

    [[nodiscard]] std::shared_ptr<void> owner() const { return of_.lock(); }

private:
    std::weak_ptr<Connection> of_;
    std::weak_ptr<void> timer_{};
};

}  // namespace detail

/// Gives a connection of a `websocketpp::server` to `streams`, if it asked for a path of these;
/// else false, and nothing has changed. To be called in the server's open handler, with what
/// `get_con_from_hdl` gives: handlers for messages, interrupts and the close are set for this
/// connection alone.
///
///     sockets.set_open_handler([&](websocketpp::connection_hdl who) {
///         if (!mr::adopt(sockets.get_con_from_hdl(who), streams)) my_open(who);
///     });
///
/// The server may run in several threads; `streams` has one, which may be the server's only one.
/// Nothing of websocketpp is included: its server does not compile as C++20 under g++ 12 (under
/// clang++ 14 and g++ 14 it does).
/// @tparam Connection `server::connection_type`
template <class Connection, class Hosted>
bool adopt(const std::shared_ptr<Connection>& from, Hosted& streams) {
    const auto one = make_foreign_connection(streams, from->get_resource(),
                                             detail::websocketpp_peer<Connection>{from});
    if (!one) return false;
    constexpr int text = 1;  // RFC 6455, section 5.2
    from->set_message_handler([one](const auto&, const auto& message) {
        if (message->get_opcode() != text) return one->refuse_binary();
        one->receive(std::span{message->get_raw_payload()});
    });
    from->set_interrupt_handler([one](const auto&) { one->on_wake(); });
    from->set_close_handler([one](const auto&) { one->close(); });
    one->open();
    return true;
}

}  // namespace millrace
