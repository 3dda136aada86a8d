#pragma once

#include <cstddef>
#include <utility>

#include <millrace/core/detail/at_exit.hpp>
#include <millrace/core/timestamp.hpp>
#include <millrace/pipeline/detail/state/kept_event.hpp>
#include <millrace/pipeline/detail/state/kept_memory.hpp>
#include <millrace/pipeline/detail/state/time_order.hpp>

namespace millrace::detail {

/// Events that wait for their time, and how much they take.
template <class Event>
class waiting_order {
public:
    /// @param byte_limit of what may wait, for others to see to
    explicit waiting_order(std::size_t byte_limit) noexcept : memory_{byte_limit} {}

    void add(const Event& one, timestamp time) {
        kept_event<Event> kept = memory_.keep(one);
        const std::size_t bytes = kept.bytes();
        order_.add(time, std::move(kept));
        waiting_bytes_ += bytes;
    }

    [[nodiscard]] std::size_t size() const noexcept { return order_.size(); }
    [[nodiscard]] bool empty() const noexcept { return order_.empty(); }
    /// Of one that is not empty.
    [[nodiscard]] timestamp earliest() const noexcept { return order_.earliest(); }
    [[nodiscard]] bool has_before(timestamp to) const noexcept { return order_.has_before(to); }

    /// The one in front goes, behind a call of `f(event, time)`, also where that throws.
    template <class F>
    void release_first(F&& f) {
        const at_exit gone{[this] {
            auto [event, time] = order_.take();
            waiting_bytes_ -= event.bytes();
            memory_.give_back(std::move(event));
        }};
        f(order_.first().value(), order_.earliest());
    }

    /// Of the events.
    [[nodiscard]] std::size_t waiting_bytes() const noexcept { return waiting_bytes_; }
    /// Of all that is allocated.
    [[nodiscard]] std::size_t bytes() const noexcept {
        return order_.bytes() + memory_.bytes() + waiting_bytes_ -
               order_.size() * sizeof(kept_event<Event>);
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar(order_);
        if constexpr (Archive::is_loading) {
            waiting_bytes_ = 0;
            order_.for_each([this](const kept_event<Event>& each, timestamp) {
                waiting_bytes_ += each.bytes();
            });
        }
    }

private:
    time_order<kept_event<Event>> order_;
    kept_memory<Event> memory_;
    std::size_t waiting_bytes_ = 0;
};

}  // namespace millrace::detail
