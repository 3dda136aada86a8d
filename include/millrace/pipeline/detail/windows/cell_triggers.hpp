#pragma once

#include <cstddef>
#include <tuple>
#include <utility>

#include <millrace/core/node.hpp>
#include <millrace/core/timestamp.hpp>
#include <millrace/windows/firing.hpp>

namespace millrace::detail {

template <class Triggers>
struct trigger_states;
template <class... Triggers>
struct trigger_states<std::tuple<Triggers...>> {
    [[no_unique_address]] std::tuple<typename Triggers::state...> all{};

    /// Calls `f(trigger, state)` for each.
    template <class F>
    void for_each(const std::tuple<Triggers...>& triggers, F&& f) {
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            (f(std::get<I>(triggers), std::get<I>(all)), ...);
        }
        (std::index_sequence_for<Triggers...>{});
    }

    /// Whether one of them fires.
    template <class Event>
    [[nodiscard]] bool on_event(const std::tuple<Triggers...>& triggers, const Event& one,
                                event_stamp at) {
        bool fires = false;
        for_each(triggers,
                 [&](const auto& each, auto& state) { fires |= each.on_event(state, one, at); });
        return fires;
    }
    void restart(const std::tuple<Triggers...>& triggers) {
        for_each(triggers, []<class State>(const auto& each, State& state) {
            if constexpr (requires { each.fired(state); }) {
                each.fired(state);
            } else {
                state = State{};
            }
        });
    }
    void merge(const std::tuple<Triggers...>& triggers, const trigger_states& other) {
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            (std::get<I>(triggers).merge(std::get<I>(all), std::get<I>(other.all)), ...);
        }
        (std::index_sequence_for<Triggers...>{});
    }

    template <class Archive>
    void archive(Archive& ar) {
        std::apply([&](auto&... each) { ar(each...); }, all);
    }
};

template <class Trigger>
inline constexpr bool can_merge_trigger = requires(const Trigger& one,
                                                   typename Trigger::state& into) {
    one.merge(into, into);
};
/// Whether the states of two cells can become one.
template <class Triggers>
inline constexpr bool can_merge_triggers = false;
template <class... Triggers>
inline constexpr bool can_merge_triggers<std::tuple<Triggers...>> = (can_merge_trigger<Triggers> &&
                                                                     ...);

/// When a cell is due by the wall's clock.
template <bool HasInterval>
struct cell_interval {
    template <class Archive>
    void archive(Archive&) noexcept {}
};
template <>
struct cell_interval<true> {
    static constexpr timestamp never = timestamp::max();
    /// By the next reading, from which the interval counts.
    static constexpr timestamp unknown = timestamp::min();

    timestamp due = never;
    timestamp queued = never;  ///< where it stands in the queue, at `due` or before

    template <class Archive>
    void archive(Archive& ar) {
        ar(due);
    }
};

/// What a cell holds for triggers, beside what it holds: nothing without any.
template <class Firing, class Analyzer>
struct cell_triggers {
    using early_type = decltype(Firing::early);
    using late_type = decltype(Firing::late);

    Analyzer given{};  ///< what it gave last
    [[no_unique_address]] trigger_states<early_type> early{};
    [[no_unique_address]] trigger_states<late_type> late{};
    [[no_unique_address]] cell_interval<intervals_in<early_type> != 0> interval{};

    template <class Archive>
    void archive(Archive& ar) {
        ar(given, early, late, interval);
    }
};
template <class Analyzer>
struct cell_triggers<firing<>, Analyzer> {
    template <class Archive>
    void archive(Archive&) noexcept {}
};

}  // namespace millrace::detail
