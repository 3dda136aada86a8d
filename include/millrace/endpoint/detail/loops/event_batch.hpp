#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/core/detail/text_arena.hpp>
#include <millrace/core/owned_views.hpp>
#include <millrace/core/schema.hpp>

namespace millrace {

class connection;

namespace detail {

/// Whether events can cross to another loop: copies of which each view is known.
template <class Event>
concept portable_event = std::copy_constructible<Event> && described<Event>;

/// Stops the compiler when copies of an event would refer to the message that it came in.
template <portable_event Event>
consteval void require_owned_views() {
    static_assert(can_own_views<Event>(),
                  "an event on an endpoint needs: fields whose copies refer to nothing, which are "
                  "texts, numbers, enumerations, times, structs with a schema, and optionals and "
                  "containers of these; of a type of your own say so by owns_its_value (see "
                  "millrace/core/owned_views.hpp)");
}

/// Whose events go to a pipeline, in another loop or the same: a connection, or one message that
/// was posted, all of whose events are in one batch. What can change belongs to one of the two
/// loops alone.
struct event_sender {
    connection* who = nullptr;  ///< the receiving loop's; null once it is closed, and of a message
    std::uint64_t id = 0;       ///< the connection's; never changed
    /// Of a message: to be called in the receiving loop, once the pipeline has taken what it takes.
    std::function<void(std::uint64_t taken, bool has_failed)> on_taken{};
    bool has_lost = false;  ///< the receiving loop's: events at which it threw are not among these
    bool has_failed = false;  ///< the pipeline's loop's: it threw at one of these
    std::uint64_t taken = 0;  ///< the pipeline's loop's: how many events so far
};

/// Events of whole messages, and whose they are, on their way to their pipeline, in another loop or
/// the same.
template <portable_event Event>
class event_batch {
public:
    /// What follows is `from`'s.
    void begin(const std::shared_ptr<event_sender>& from) {
        if (!runs_.empty() && runs_.back().begin == events_.size()) runs_.pop_back();
        if (runs_.empty() || runs_.back().from != from) runs_.push_back({from, events_.size()});
    }

    /// Copies an event and what its views refer to.
    void keep(const Event& one) {
        Event& copy = events_.emplace_back(one);
        if constexpr (has_views<Event>()) {
            try {
                const auto keep_text = [this](std::string_view text) { return texts_.keep(text); };
                own_views(copy, keep_text);
            } catch (...) {
                events_.pop_back();
                throw;
            }
        }
    }

    /// An event that the codec refused.
    void reject() noexcept { ++rejected_; }

    /// Connections that are closed, whose last events are in this batch or before it.
    void close(std::vector<std::uint64_t>&& connections) { closed_ = std::move(connections); }
    [[nodiscard]] const std::vector<std::uint64_t>& closed() const noexcept { return closed_; }

    /// Calls `f(const std::shared_ptr<event_sender>&, std::span<const Event>)` for the events that
    /// stand together and are of one sender, until one returns that it took fewer than all. The
    /// next call goes on from there.
    template <class Function>
    void for_each_run(Function&& f) {
        for (std::size_t i = 0; i != runs_.size(); ++i) {
            const std::size_t end = i + 1 != runs_.size() ? runs_[i + 1].begin : events_.size();
            if (end <= taken_) continue;
            taken_ +=
                f(runs_[i].from, std::span{std::as_const(events_)}.subspan(taken_, end - taken_));
            if (taken_ != end) return;
        }
    }

    /// Whether `for_each_run` came to the end.
    [[nodiscard]] bool is_taken() const noexcept { return taken_ == events_.size(); }

    [[nodiscard]] std::size_t size() const noexcept { return events_.size(); }
    /// How many were rejected since it was last asked.
    [[nodiscard]] std::uint64_t take_rejected() noexcept { return std::exchange(rejected_, 0); }
    [[nodiscard]] bool empty() const noexcept { return events_.empty() && rejected_ == 0; }

    void clear() noexcept {
        if (events_.capacity() > max_idle_events) std::vector<Event>{}.swap(events_);
        events_.clear();
        runs_.clear();
        closed_.clear();
        rejected_ = 0;
        taken_ = 0;
        texts_.clear();
    }

private:
    static constexpr std::size_t max_idle_events = 4096;

    struct run {
        std::shared_ptr<event_sender> from;
        std::size_t begin;  ///< among the events
    };

    std::vector<Event> events_;
    std::vector<run> runs_;
    std::vector<std::uint64_t> closed_;
    std::uint64_t rejected_ = 0;
    std::size_t taken_ = 0;
    text_arena texts_;
};

}  // namespace detail

}  // namespace millrace
