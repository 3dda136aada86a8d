#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include <millrace/codec/codec.hpp>
#include <millrace/codec/detail/error_reply.hpp>
#include <millrace/codec/detail/reply_limit.hpp>
#include <millrace/core/detail/compiled.hpp>
#include <millrace/core/detail/first_exception.hpp>
#include <millrace/core/error.hpp>
#include <millrace/endpoint/authorization.hpp>
#include <millrace/endpoint/connection.hpp>
#include <millrace/endpoint/detail/routes/authorize.hpp>
#include <millrace/endpoint/detail/routes/post_report.hpp>
#include <millrace/endpoint/detail/routes/topic_route.hpp>
#include <millrace/endpoint/guard.hpp>
#include <millrace/http/response.hpp>
#include <millrace/websocket/close_code.hpp>
#include <millrace/websocket/frame_header.hpp>

namespace millrace::detail {

/// A path that takes events, and may stream topics as well. A binary message is answered by close
/// 1003, a refused event by `append_error_reply`.
class event_route : public topic_route {
public:
    /// `input` is the name that the authorisation rule is asked with.
    event_route(std::string input, topic_list topics)
        : topic_route{std::move(topics)}, input_{std::move(input)} {}

    [[nodiscard]] verdict admit(const connection& who) override;

    [[nodiscard]] verdict admit_post(const connection& who) override;

protected:
    /// Gives a text message to `take(payload, on_error)`.
    template <class Take>
    static void receive_events(connection& from, websocket::opcode op, std::span<char> payload,
                               Take&& take) {
        if (op != websocket::opcode::text) {
            from.close(websocket::close_code::unsupported_data, "events are text messages");
            return;
        }
        reply_limit limit{from.options().max_errors_per_message};
        take(payload, [&](const input_error& error) {
            if (!limit.takes(error)) return;
            from.reply([&](std::string& out) { append_error_reply(out, error); });
        });
    }

private:
    [[nodiscard]] bool may_send(const connection& who) const {
        return may(who.options(), endpoint_action::send, input_, std::nullopt, who.principal());
    }

    std::string input_;
};

/// The events go to `Source`, one of a running pipeline in the same loop; the route must not be
/// used once that is gone.
template <class Source>
class input_route final : public event_route {
public:
    input_route(Source& source, std::string input, topic_list topics)
        : event_route{std::move(input), std::move(topics)}, source_{source} {}

    void on_message(connection& from, websocket::opcode op, std::span<char> payload) override {
        receive_events(from, op, payload, [&](std::span<char> message, auto&& on_error) {
            const auto take = [&](const auto& one) {
                return Source::answer(source_.push_next(one, from.id()));
            };
            source_.decode(message, take, on_error);
        });
    }

    void on_batch_end(connection&) override { source_.end_batch(); }

    void on_post(connection& from, std::span<char> body, const http::responder& respond) override {
        post_report report{from.options().max_errors_per_message};
        const std::uint64_t before = source_.taken();
        const auto on_error = [&](const input_error& error) { report.reject(error); };
        first_exception failure;
        failure.guard([&] { source_.receive(body, on_error, from.id()); });
        on_close(from);  // for a producer, that was all
        respond(report.answer(source_.taken() - before, failure.has()));
        failure.rethrow();
    }

    void on_close(connection& from) override {
        if constexpr (requires { requires Source::has_producers; }) source_.leave(from.id());
    }

private:
    Source& source_;
};

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/endpoint/detail/routes/event_route.ipp>
#endif
