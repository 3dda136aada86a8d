#pragma once

#include <memory>
#include <span>
#include <utility>

#include <millrace/endpoint/connection.hpp>
#include <millrace/endpoint/detail/event_queue.hpp>
#include <millrace/endpoint/detail/topic_route.hpp>
#include <millrace/websocket/frame_header.hpp>

namespace millrace::detail {

/// An `input_route` whose pipeline runs in another loop. A queue may have several routes.
template <reachable_pipeline Running>
class queued_input_route final : public topic_route {
public:
    queued_input_route(std::shared_ptr<event_queue<Running>> to, topic_list topics,
                       permission may_follow)
        : topic_route{std::move(topics), std::move(may_follow)}, queue_{std::move(to)} {}

    void on_open(connection& from) override {
        topic_route::on_open(from);
        queue_->enter(from);
    }

    void on_message(connection& from, websocket::opcode op, std::span<char> payload) override {
        receive_events(from, op, payload, [&](std::span<char> message, auto&& on_error) {
            queue_->receive(from, message, on_error);
        });
    }

    void on_close(connection& from) override { queue_->leave(from); }

private:
    std::shared_ptr<event_queue<Running>> queue_;
};

}  // namespace millrace::detail
