#pragma once

#include <concepts>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

#include <millrace/core/error.hpp>
#include <millrace/endpoint/connection.hpp>
#include <millrace/endpoint/guard.hpp>
#include <millrace/endpoint/message_handler.hpp>
#include <millrace/http/response.hpp>
#include <millrace/websocket/frame_header.hpp>

namespace millrace::detail {

/// What a path does with its WebSocket connections: one indirect call a message. An exception out
/// of any of these closes the connection with 1011 and is counted.
class route {
public:
    virtual ~route() = default;

    /// What it speaks, in no order: the client's first that is among these is chosen.
    [[nodiscard]] virtual std::span<const std::string_view> subprotocols() const { return {}; }

    /// Before the upgrade; an error is the answer's status. Nothing can be sent yet.
    [[nodiscard]] virtual verdict admit(const connection&) { return {}; }

    virtual void on_open(connection&) {}

    /// A text's payload is valid UTF-8. It may be changed, and so may the byte behind its end, if
    /// that is restored.
    virtual void on_message(connection&, websocket::opcode, std::span<char> payload) = 0;

    /// Behind the messages that were received together, perhaps none, before anything else is done.
    virtual void on_batch_end(connection&) {}

    /// Before the body that is posted to this path over HTTP is read; an error is the answer's
    /// status. The connection is none that is open.
    [[nodiscard]] virtual verdict admit_post(const connection&) {
        return {errc::method_not_allowed, "this path takes messages over a WebSocket only"};
    }

    /// A body that was posted, whole and valid UTF-8; see `on_message` for what may be done to it.
    /// `respond(answer)` is to be called once, at once or later in the connection's loop. The
    /// connection may be gone by then.
    virtual void on_post(connection&, std::span<char>, const http::responder& respond) {
        respond({});
    }

    /// Less waits to be sent than `endpoint_options::outbox_low_water`, after more than the high.
    virtual void on_drain(connection&) {}

    /// Once for each `on_open`, whatever ended the connection.
    virtual void on_close(connection&) {}
};

/// A user's own handler as a route.
template <class Handler>
class raw_route final : public route {
public:
    explicit raw_route(Handler handler) : handler_{std::move(handler)} {}

    [[nodiscard]] std::span<const std::string_view> subprotocols() const override {
        if constexpr (requires { handler_.subprotocols(); }) {
            return handler_.subprotocols();
        } else {
            return {};
        }
    }

    [[nodiscard]] verdict admit(const connection& who) override {
        if constexpr (requires { handler_.admit(who); }) {
            return std::error_code{handler_.admit(who)};
        } else {
            return {};
        }
    }

    void on_open(connection& from) override {
        if constexpr (requires { handler_.on_open(from); }) handler_.on_open(from);
    }

    void on_message(connection& from, websocket::opcode op, std::span<char> payload) override {
        const std::string_view message{payload.data(), payload.size()};
        if constexpr (std::invocable<Handler&, connection&, std::string_view, websocket::opcode>) {
            handler_(from, message, op);
        } else {
            handler_(from, message);
        }
    }

    void on_drain(connection& from) override {
        if constexpr (requires { handler_.on_drain(from); }) handler_.on_drain(from);
    }

    void on_close(connection& from) override {
        if constexpr (requires { handler_.on_close(from); }) handler_.on_close(from);
    }

private:
    Handler handler_;
};

}  // namespace millrace::detail
