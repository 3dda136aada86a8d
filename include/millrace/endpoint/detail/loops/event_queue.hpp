#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include <millrace/codec/codec.hpp>
#include <millrace/core/detail/first_exception.hpp>
#include <millrace/core/error.hpp>
#include <millrace/endpoint/connection.hpp>
#include <millrace/endpoint/detail/loops/batch_queue.hpp>
#include <millrace/endpoint/detail/loops/closing_turns.hpp>
#include <millrace/endpoint/detail/loops/event_batch.hpp>
#include <millrace/endpoint/detail/loops/loop.hpp>
#include <millrace/endpoint/detail/loops/mailbox.hpp>
#include <millrace/pipeline/detail/sources/event_check.hpp>
#include <millrace/websocket/close_code.hpp>

namespace millrace::detail {

/// The way of events from a loop to a pipeline, in another loop or the same, for what is done
/// rarely.
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

/// A source of a running pipeline whose events can come from other loops.
template <class Source>
concept reachable_source = portable_event<typename Source::event_type> && requires {
    typename Source::decoder_type;
    typename Source::event_check_type;
};

/// Decodes messages of one source in the loop that received them and sends their events, in
/// batches, to the loop in which the pipeline runs. Events of one connection stay in order. While
/// the pipeline is so far behind that no batch is free, none of the queue's senders is read. In the
/// pipeline's own loop events go to it at once, and are sent only while it catches up with windows
/// that are due.
///
/// A sender at one of whose events the pipeline throws is closed, as in the pipeline's own loop;
/// all that it sent until then is taken but that event. A message that was posted is a sender of
/// its own, which is told how many of its events were taken; so that it is the same in every loop,
/// they are sent in the pipeline's own, too.
///
/// @tparam Source see `running_source`; a pipeline of one source is one
/// @tparam Pipeline the pipeline that it belongs to
template <reachable_source Source, class Pipeline = Source>
class event_queue final : public event_queue_base,
                          public flushable,
                          public std::enable_shared_from_this<event_queue<Source, Pipeline>> {
    using event = typename Source::event_type;
    using batch = event_batch<event>;
    static constexpr bool has_producers = [] {
        if constexpr (requires { Source::has_producers; }) return bool{Source::has_producers};
        return false;
    }();

public:
    /// A batch is sent once it has so many events; what is left of a turn at its end.
    static constexpr std::size_t max_batch_events = 1024;

    event_queue(Source& source, std::shared_ptr<closing_turns<Pipeline>> closing,
                std::shared_ptr<loop> pipeline_loop, std::shared_ptr<mailbox> pipeline_mailbox,
                std::shared_ptr<loop> receiver, const std::shared_ptr<mailbox>& of_receiver)
        : local_{pipeline_loop == receiver ? &source : nullptr},
          closing_{closing},
          decode_{source.limits()},
          check_{source.event_check()},
          receiver_{std::move(receiver)},
          queue_{std::make_shared<batch_queue<batch>>(
              of_receiver, std::move(pipeline_mailbox),
              [to = &source, closing, pipeline_loop = std::move(pipeline_loop),
               senders = of_receiver, is_local = local_ != nullptr](batch& b) {
                  return take(*to, *closing, *pipeline_loop, *senders, is_local, b);
              },
              [this] { on_room(); })} {
        open_ = queue_->back();
        closing->on_done([queue = std::weak_ptr{queue_}] {
            if (const auto held = queue.lock()) held->resume();
        });
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
        if constexpr (has_producers) {
            closed_.push_back(sender.id());
            schedule();
        }
    }

    /// As `running_source::receive`, of a connection that has entered and is not paused. Messages
    /// until `end_batch` came together.
    template <class OnError>
    std::size_t receive(connection& from, std::span<char> message, OnError&& on_error) {
        if (is_shut_) return 0;
        std::size_t taken = 0;
        bool is_direct = local_ != nullptr && open_->empty() && queue_->is_empty();
        const auto begin_run = [&] {
            if (latest_ == nullptr || latest_->who != &from) latest_ = senders_.at(&from);
            begin(latest_);
        };
        if (!is_direct) begin_run();
        const auto take = [&](const event& one) {
            ++taken;
            if (is_direct && !local_->is_behind()) {
                const errc refused = local_->push_next(one, from.id());
                if (refused != errc{}) --taken;
                return Source::answer(refused);
            }
            if (std::exchange(is_direct, false)) begin_run();
            open_->keep(one);
            return errc{};
        };
        first_exception failure;
        failure.guard([&] { decode(message, take, on_error); });
        if (local_ != nullptr) closing_->check();
        send_if_large();
        failure.rethrow();
        return taken;
    }

    /// @throws what the pipeline threw first at one of the batch's events
    void end_batch() {
        if (local_ != nullptr) local_->end_batch();
    }

    /// Likewise, of a connection with this number that has not entered, and only while there is
    /// room. `on_taken(taken, has_failed)` is called in this loop, at once or later, when the
    /// pipeline has taken all events but those at which something threw. It is not called if this
    /// is closed before.
    template <class OnError>
    void post(std::uint64_t id, std::span<char> message, OnError&& on_error,
              std::function<void(std::uint64_t taken, bool has_failed)> on_taken) {
        const auto sender =
            std::make_shared<event_sender>(event_sender{.id = id, .on_taken = std::move(on_taken)});
        begin(sender);
        std::size_t kept = 0;
        const auto take = [&](const event& one) {
            open_->keep(one);
            ++kept;
            return errc{};
        };
        sender->has_lost = !receiver_->contain([&] { decode(message, take, on_error); }, id);
        if (kept == 0) sender->on_taken(0, sender->has_lost);
        if constexpr (has_producers) closed_.push_back(id);
        send_if_large();
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

    void drain() override {
        if (local_ != nullptr) shut();
        queue_->drain();
    }
    void close() override { queue_->close(); }

private:
    /// What is kept from now on is `from`'s.
    void begin(const std::shared_ptr<event_sender>& from) {
        schedule();
        open_->begin(from);
    }

    void schedule() {
        if (!std::exchange(is_scheduled_, true)) receiver_->schedule(this->shared_from_this());
    }

    template <class Take, class OnError>
    void decode(std::span<char> message, Take&& take, OnError&& on_error) {
        const auto reject = [this] { local_ != nullptr ? local_->reject(1) : open_->reject(); };
        local_ != nullptr ? local_->begin_batch() : check_.begin_batch();
        const auto check = [this](const event& one) {
            return local_ != nullptr ? local_->check(one) : check_(one);
        };
        decode_checked(decode_, check, message, take, reject, on_error);
    }

    void send_if_large() {
        if (open_->size() >= max_batch_events) send();
    }

    void send() {
        if (is_full() || (open_->empty() && closed_.empty())) return;
        open_->close(std::exchange(closed_, {}));
        queue_->push();
        open_ = queue_->back();
        if (!is_full()) return;
        for (const auto& each : senders_) each.first->pause_reading();
    }

    void on_room() {
        if (!is_full()) return;
        open_ = queue_->back();
        if (is_full()) return;
        if (!closed_.empty()) schedule();
        for (const auto& each : senders_) each.first->resume_reading();
    }

    /// False where the pipeline is behind before all is taken. A connection of the same loop is
    /// closed at once: what it sends next might not be queued.
    static bool take(Source& source, closing_turns<Pipeline>& closing, loop& pipeline_loop,
                     mailbox& senders, bool is_local, batch& events) {
        const loop::turn turn{pipeline_loop};
        source.begin_batch();
        source.reject(events.take_rejected());
        events.for_each_run(
            [&](const std::shared_ptr<event_sender>& from, std::span<const event> run) {
                const std::uint64_t before = source.taken();
                std::size_t taken = 0;
                for (; taken != run.size() && may_push(source, closing); ++taken)
                    static_cast<void>(source.push_next(run[taken], from->id));
                const bool is_good = pipeline_loop.contain([&] { source.end_batch(); }, from->id);
                from->taken += source.taken() - before;
                from->has_failed = from->has_failed || !is_good;
                if (!is_good && is_local && !from->on_taken) {
                    tell(*from);
                } else if (from->on_taken ? taken == run.size() : !is_good) {
                    senders.post([from] { tell(*from); });
                }
                return taken;
            });
        closing.check();
        if (!events.is_taken()) return false;
        if constexpr (has_producers) {
            for (const std::uint64_t each : events.closed()) source.leave(each);
        }
        events.clear();
        return true;
    }

    /// In the loop that receives.
    static void tell(event_sender& from) {
        if (from.on_taken) return from.on_taken(from.taken, from.has_failed || from.has_lost);
        if (from.who == nullptr) return;
        from.who->close(websocket::close_code::internal_error, "handler failed");
    }

    /// Once its turns are over, a push catches up.
    static bool may_push(const Source& source, const closing_turns<Pipeline>& closing) noexcept {
        return !source.is_behind() || closing.is_closed();
    }

    Source* local_;                                     ///< if this is the loop of the pipeline
    std::shared_ptr<closing_turns<Pipeline>> closing_;  ///< to be used there
    typename Source::decoder_type decode_;
    typename Source::event_check_type check_;
    std::shared_ptr<loop> receiver_;
    std::shared_ptr<batch_queue<batch>> queue_;
    std::unordered_map<connection*, std::shared_ptr<event_sender>> senders_;
    std::shared_ptr<event_sender> latest_;  ///< whose message was the last
    std::vector<std::uint64_t> closed_;     ///< connections that were, which is not told yet
    batch* open_;                           ///< being filled; null: all wait to be taken
    bool is_scheduled_ = false;
    bool is_shut_ = false;
};

}  // namespace millrace::detail
