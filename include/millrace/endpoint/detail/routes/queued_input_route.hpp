#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include <millrace/codec/codec.hpp>
#include <millrace/core/error.hpp>
#include <millrace/endpoint/connection.hpp>
#include <millrace/endpoint/detail/routes/event_route.hpp>
#include <millrace/endpoint/detail/routes/post_report.hpp>
#include <millrace/http/response.hpp>
#include <millrace/websocket/frame_header.hpp>

namespace millrace::detail {

/// An `input_route` whose pipeline may run in another loop. `Queue` is an `event_queue`, which may
/// have several routes.
template <class Queue>
class queued_input_route final : public event_route {
public:
    queued_input_route(std::shared_ptr<Queue> to, std::string input, topic_list topics)
        : event_route{std::move(input), std::move(topics)}, queue_{std::move(to)} {}

    void on_open(connection& from) override {
        event_route::on_open(from);
        queue_->enter(from);
    }

    void on_message(connection& from, websocket::opcode op, std::span<char> payload) override {
        receive_events(from, op, payload, [&](std::span<char> message, auto&& on_error) {
            queue_->receive(from, message, on_error);
        });
    }

    void on_batch_end(connection&) override { queue_->end_batch(); }

    /// The answer comes when the pipeline has taken the events. 503 while the way is full: nothing
    /// of the body is taken then.
    void on_post(connection& from, std::span<char> body, const http::responder& respond) override {
        if (!queue_->has_room())
            return respond(http::refusal(make_error_code(errc::try_again_later), {}));
        const auto report = std::make_shared<post_report>(from.options().max_errors_per_message);
        queue_->post(
            from.id(), body, [&](const input_error& error) { report->reject(error); },
            [report, respond](std::uint64_t accepted, bool has_failed) {
                respond(report->answer(accepted, has_failed));
            });
    }

    void on_close(connection& from) override { queue_->leave(from); }

private:
    std::shared_ptr<Queue> queue_;
};

}  // namespace millrace::detail
