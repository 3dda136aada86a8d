#pragma once

#include <memory>
#include <span>
#include <unordered_set>
#include <utility>

#include <millrace/endpoint/connection.hpp>
#include <millrace/endpoint/detail/event_queue.hpp>
#include <millrace/endpoint/detail/topic_route.hpp>
#include <millrace/websocket/frame_header.hpp>

namespace millrace::detail {

/// An `input_route` whose pipeline runs in another loop. While the way there is full, none of its
/// connections is read, so that their senders have to wait.
template <reachable_pipeline Running>
class queued_input_route final : public topic_route {
public:
    queued_input_route(std::shared_ptr<event_queue<Running>> to, topic_list topics,
                       permission may_follow)
        : topic_route{std::move(topics), std::move(may_follow)}, queue_{std::move(to)} {
        queue_->watch([this](bool is_full) {
            for (connection* const each : open_)
                is_full ? each->pause_reading() : each->resume_reading();
        });
    }

    void on_open(connection& from) override {
        topic_route::on_open(from);
        open_.insert(&from);
        if (queue_->is_full()) from.pause_reading();
    }

    void on_message(connection& from, websocket::opcode op, std::span<char> payload) override {
        receive_events(from, op, payload, *queue_);
    }

    void on_close(connection& from) override { open_.erase(&from); }

private:
    std::shared_ptr<event_queue<Running>> queue_;
    std::unordered_set<connection*> open_;
};

}  // namespace millrace::detail
