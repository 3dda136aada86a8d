#pragma once

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include <millrace/core/detail/first_exception.hpp>
#include <millrace/core/error.hpp>
#include <millrace/core/event_time.hpp>
#include <millrace/core/node.hpp>
#include <millrace/pipeline/detail/sources/idle_watch.hpp>
#include <millrace/pipeline/detail/sources/present.hpp>
#include <millrace/pipeline/detail/sources/producers.hpp>
#include <millrace/pipeline/detail/sources/watermark_state.hpp>
#include <millrace/pipeline/source_time.hpp>

namespace millrace::detail {

/// Gives each event its time and says how far time has come. What of that it does depends on
/// `Timing`, see millrace/pipeline/source_time.hpp.
template <class Event, class Timing, class Clock, class Next>
class source_node {
    static constexpr bool is_untimed = std::same_as<Timing, untimed>;
    static constexpr bool is_by_arrival = std::same_as<Timing, processing_time_t>;
    static constexpr bool is_by_producer = std::same_as<Timing, by_producer>;
    /// Then an event may say that its own time is over, for those behind it.
    static constexpr bool is_punctuated = requires(const Timing& timing) { timing.function; };

public:
    source_node(const source_time& settings, Timing timing, const Clock& clock, Next next)
        : settings_{settings},
          timing_{std::move(timing)},
          present_{settings, clock},
          producers_{make_producers(timing_)},
          next_{std::move(next)} {
        idle_.note_input();  // it may have begun without any
    }

    void begin_batch() noexcept { present_.begin_batch(); }
    /// For those who look at events before they are pushed.
    [[nodiscard]] auto& time_limits() noexcept { return present_; }

    /// What is thrown when the event has been taken, while windows close, goes to `later`.
    [[nodiscard, gnu::always_inline]] errc push(const Event& one,
                                                [[maybe_unused]] std::uint64_t producer,
                                                first_exception& later) {
        if constexpr (is_untimed) {
            note_input();
            next_.push(one, event_stamp{});
        } else if constexpr (is_by_arrival) {
            note_input();
            // Saved by a clock that was ahead of this one, the watermark may be of the future.
            const timestamp now = std::max(present_.now(), passed_on_);
            raise(now);
            give(one, {now, passed_on_}, later);
        } else {
            const timestamp time = time_of(one);
            if (!present_.admits(time)) return errc::too_far_ahead;
            note_input();
            const timestamp before = state_.watermark;
            observe(one, time, producer);
            give(one, {time, is_punctuated ? before : state_.watermark}, later);
        }
        return {};
    }

    /// No event earlier than this will come.
    void advance(timestamp to) {
        if (to > state_.watermark) note_input();
        raise(to);
        if constexpr (is_by_producer) producers_.advance(to);
        pass_on();
    }

    /// The producer has closed.
    void leave([[maybe_unused]] std::uint64_t producer) {
        if constexpr (is_by_producer) {
            if (producers_.leave(producer, settings_)) raise(producers_.watermark());
            pass_on();
        }
    }

    void look() {
        const auto now = present_.clock().elapsed();
        present_.look();
        if constexpr (is_by_arrival) raise(present_.now());
        if constexpr (is_by_producer) {
            if (producers_.look(now, settings_)) raise(producers_.watermark());
        }
        pass_on();
        if (idle_.look(now, settings_.idle_after)) next_.idle();
    }

    /// What it holds itself.
    template <class Stats>
    void collect_own(Stats& stats) const {
        stats.watermark = passed_on_;
    }

    [[nodiscard]] Next& next() noexcept { return next_; }
    [[nodiscard]] const Next& next() const noexcept { return next_; }

    template <class Archive>
    void archive(Archive& ar) {
        ar.version(1);
        ar(state_, passed_on_, idle_);
        if constexpr (is_by_producer) ar(producers_);
        ar(next_);
    }

private:
    struct nobody {};
    static auto make_producers([[maybe_unused]] const Timing& timing) noexcept {
        if constexpr (is_by_producer) {
            return producers{timing.max_producers, timing.max_lag};
        } else {
            return nobody{};
        }
    }

    [[gnu::always_inline]] void observe(const Event& one, timestamp time,
                                        [[maybe_unused]] std::uint64_t producer) {
        if constexpr (is_by_producer) {
            raise(producers_.observe(producer, present_.trusted(time), settings_));
        } else if constexpr (is_punctuated) {
            const std::optional<timestamp> to = std::invoke(timing_.function, one);
            if (to) raise(present_.trusted(*to));
        } else {
            state_.observe(present_.trusted(time), settings_);
        }
    }

    /// What is thrown at an event holds up no time.
    [[gnu::always_inline]] void give(const Event& one, event_stamp at, first_exception& later) {
        const timestamp to = state_.watermark;  // which the event does not change
        try {
            next_.push(one, at);
        } catch (...) {
            pass_on_behind_failure();
            throw;
        }
        if (to <= passed_on_) return;
        passed_on_ = to;
        later.guard([&] { next_.watermark(to, trigger::watermark); });
    }
    [[gnu::noinline, gnu::cold]] void pass_on_behind_failure() noexcept {
        first_exception of_the_same;  // the first goes on
        of_the_same.guard([this] { pass_on(); });
    }

    void note_input() {
        if (idle_.note_input()) [[unlikely]]
            next_.active();
    }

    void raise(timestamp to) noexcept { state_.watermark = std::max(state_.watermark, to); }

    [[gnu::always_inline]] void pass_on() {
        if (state_.watermark <= passed_on_) return;
        passed_on_ = state_.watermark;
        next_.watermark(passed_on_, trigger::watermark);
    }
    source_time settings_;
    Timing timing_;
    present<Clock> present_;
    idle_watch idle_;
    watermark_state state_;
    timestamp passed_on_ = timestamp::min();
    [[no_unique_address]] std::conditional_t<is_by_producer, producers, nobody> producers_;
    Next next_;
};

}  // namespace millrace::detail
