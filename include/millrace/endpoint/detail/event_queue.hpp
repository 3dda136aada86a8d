#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <utility>

#include <millrace/codec/codec.hpp>
#include <millrace/core/error.hpp>
#include <millrace/endpoint/connection.hpp>
#include <millrace/endpoint/detail/batch_queue.hpp>
#include <millrace/endpoint/detail/event_batch.hpp>
#include <millrace/endpoint/detail/loop.hpp>
#include <millrace/endpoint/detail/mailbox.hpp>
#include <millrace/websocket/close_code.hpp>

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
    typename Running::event_check_type;
};

/// Decodes messages in the loop that received them and sends their events, in batches, to the loop
/// in which the pipeline runs. Events of one connection stay in order. While the pipeline is so far
/// behind that no batch is free, none of the queue's senders is read.
///
/// A sender at one of whose events the pipeline throws is closed, as in the pipeline's own loop:
/// nothing that it sent behind that event is taken, and all that others sent is.
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
                std::shared_ptr<loop> receiver, const std::shared_ptr<mailbox>& of_receiver)
        : decode_{pipeline.limits()},
          check_{pipeline.event_check()},
          receiver_{std::move(receiver)},
          queue_{std::make_shared<batch_queue<batch>>(
              of_receiver, std::move(of_home),
              [to = &pipeline, home = std::move(home), senders = of_receiver](batch& events) {
                  take(*to, *home, *senders, events);
              },
              [this] { on_room(); })} {
        open_ = queue_->back();
    }

    // In the loop that receives.

    /// The connection may send events until it leaves.
    void enter(connection& sender) {
        senders_.emplace(&sender,
                         std::make_shared<event_sender>(event_sender{&sender, sender.id()}));
        if (is_full()) sender.pause_reading();
    }

    void leave(connection& sender) {
        const auto found = senders_.find(&sender);
        if (found == senders_.end()) return;
        found->second->who = nullptr;
        senders_.erase(found);
    }

    /// As `running_pipeline::receive`, of a connection that has entered and is not paused.
    template <class OnError>
    std::size_t receive(connection& from, std::span<char> message, OnError&& on_error) {
        if (latest_ == nullptr || latest_->who != &from) latest_ = senders_.at(&from);
        return receive(message, on_error);
    }

    /// Likewise, of a connection with this number that has not entered, and only while there is
    /// room. Where the pipeline throws at an event, what is behind it in the message is not taken.
    template <class OnError>
    std::size_t post(std::uint64_t id, std::span<char> message, OnError&& on_error) {
        latest_ = std::make_shared<event_sender>(event_sender{nullptr, id});
        return receive(message, on_error);
    }

    /// Whether a message may be given: it is neither full nor shut.
    [[nodiscard]] bool has_room() const noexcept { return !is_full() && !is_shut_; }

    [[nodiscard]] bool is_full() const noexcept { return open_ == nullptr; }

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
    /// Of `latest_`.
    template <class OnError>
    std::size_t receive(std::span<char> message, OnError&& on_error) {
        if (is_shut_) return 0;
        const std::size_t before = open_->size();
        if (!std::exchange(is_scheduled_, true)) receiver_->schedule(this->shared_from_this());
        open_->begin(latest_);
        decode_.decode(
            message,
            [this](const event& one) {
                if (!check_(one)) {
                    open_->reject();
                    return errc::key_too_long;
                }
                open_->keep(one);
                return errc{};
            },
            [&](const input_error& error) {
                if (error.code != errc::key_too_long) open_->reject();
                on_error(error);
            });
        const std::size_t taken = open_->size() - before;
        if (open_->size() >= max_batch_events) send();
        return taken;
    }

    void send() {
        if (is_full() || open_->empty()) return;
        queue_->push();
        open_ = queue_->back();
        if (!is_full()) return;
        for (const auto& each : senders_) each.first->pause_reading();
    }

    void on_room() {
        if (!is_full()) return;
        open_ = queue_->back();
        if (is_full()) return;
        for (const auto& each : senders_) each.first->resume_reading();
    }

    static void take(Running& pipeline, loop& home, mailbox& senders, batch& events) {
        const loop::turn turn{home};
        pipeline.reject(events.rejected());
        events.for_each_run(
            [&](const std::shared_ptr<event_sender>& from, std::span<const event> run) {
                if (from->has_failed) return;
                const auto push_all = [&] {
                    for (const event& each : run) pipeline.push(each);
                };
                from->has_failed = !home.contain(push_all, from->id);
                if (from->has_failed)
                    senders.post([from] {
                        if (from->who == nullptr) return;
                        from->who->close(websocket::close_code::internal_error, "handler failed");
                    });
            });
        events.clear();
    }

    typename Running::decoder_type decode_;
    typename Running::event_check_type check_;
    std::shared_ptr<loop> receiver_;
    std::shared_ptr<batch_queue<batch>> queue_;
    std::unordered_map<connection*, std::shared_ptr<event_sender>> senders_;
    std::shared_ptr<event_sender> latest_;  ///< whose message was the last
    batch* open_;                           ///< being filled; null: all wait to be taken
    bool is_scheduled_ = false;
    bool is_shut_ = false;
};

}  // namespace millrace::detail
