#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <utility>

#include <millrace/codec/codec.hpp>
#include <millrace/endpoint/detail/batch_queue.hpp>
#include <millrace/endpoint/detail/event_batch.hpp>
#include <millrace/endpoint/detail/loop.hpp>
#include <millrace/endpoint/detail/mailbox.hpp>

namespace millrace::detail {

/// The way of events from one loop to the pipeline that runs in another, for what is done rarely.
class event_queue_base {
public:
    virtual ~event_queue_base() = default;

    /// In the loop that receives: sends what has been gathered, and takes nothing more.
    virtual void shut() = 0;

    /// In the loop of the pipeline: takes all that has been sent.
    virtual void drain() = 0;

    /// In the loop of the pipeline: nothing that has been sent is taken any more.
    virtual void close() = 0;
};

/// A running pipeline whose events can come from other loops.
template <class Running>
concept reachable_pipeline = portable_event<typename Running::event_type> && requires {
    typename Running::decoder_type;
};

/// Decodes messages in the loop that received them and sends their events, in batches, to the loop
/// in which the pipeline runs. Events of one connection stay in order. When the pipeline is so far
/// behind that no batch is free, the lane is full, and nothing may be given until there is room.
template <reachable_pipeline Running>
class event_queue final : public event_queue_base,
                          public flushable,
                          public std::enable_shared_from_this<event_queue<Running>> {
    using event = typename Running::event_type;
    using batch = event_batch<event>;

public:
    /// A batch is sent once it has so many events; what is left of a turn at its end.
    static constexpr std::size_t max_batch_events = 1024;

    event_queue(Running& pipeline, std::shared_ptr<loop> home, std::shared_ptr<mailbox> of_home,
                std::shared_ptr<loop> receiver, std::shared_ptr<mailbox> of_receiver)
        : decode_{pipeline.limits()},
          receiver_{std::move(receiver)},
          queue_{std::make_shared<batch_queue<batch>>(
              std::move(of_receiver), std::move(of_home),
              [&pipeline, home = std::move(home)](batch& events) {
                  take(pipeline, *home, events);
              })} {
        open_ = queue_->back();
    }

    // In the loop that receives.

    /// As `running_pipeline::receive`.
    template <class OnError>
    void receive(std::span<char> message, OnError&& on_error) {
        if (is_shut_) return;
        if (!std::exchange(is_scheduled_, true)) receiver_->schedule(this->shared_from_this());
        decode_.decode(
            message, [this](const event& one) { open_->keep(one); },
            [&](const input_error& error) {
                ++open_->rejected;
                on_error(error);
            });
        if (open_->events.size() >= max_batch_events) send();
    }

    [[nodiscard]] bool is_full() const noexcept { return open_ == nullptr; }

    /// `f(is_full)` is called when it gets full, and when it is so no longer.
    void watch(std::function<void(bool)> f) {
        on_change_ = std::move(f);
        queue_->on_room = [this] {
            if (!is_full()) return;
            open_ = queue_->back();
            if (!is_full()) on_change_(false);
        };
    }

    void flush() override {
        is_scheduled_ = false;
        send();
    }

    void shut() override {
        is_shut_ = true;
        send();
    }

    // In the loop of the pipeline.

    void drain() override { queue_->drain(); }
    void close() override { queue_->close(); }

private:
    void send() {
        if (is_full() || open_->empty()) return;
        queue_->push();
        open_ = queue_->back();
        if (is_full() && on_change_) on_change_(true);
    }

    /// What an event's handling throws is counted; the others are not to suffer for it.
    static void take(Running& pipeline, loop& home, batch& events) {
        const loop::turn turn{home};
        pipeline.reject(events.rejected);
        for (const event& each : events.events) home.contain([&] { pipeline.push(each); });
        events.clear();
    }

    typename Running::decoder_type decode_;
    std::shared_ptr<loop> receiver_;
    std::shared_ptr<batch_queue<batch>> queue_;
    std::function<void(bool)> on_change_;
    batch* open_;  ///< being filled; null: all wait to be taken
    bool is_scheduled_ = false;
    bool is_shut_ = false;
};

}  // namespace millrace::detail
