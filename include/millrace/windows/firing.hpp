#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <millrace/core/type_name.hpp>
#include <millrace/windows/trigger.hpp>

namespace millrace {

/// A window also gives records before its end, as its trigger says:
///
///     window(tumbling{10s}, early{events{100}}, drop_late)
///     window(tumbling{1h}, early{events{1000}}, early{every{1s}}, drop_late)
///
/// Given several, whichever fires first; then all begin anew. Such a record has `trigger::early`
/// and is not final. It holds all events so far; the next one of the key and window takes its
/// place, and that at the window's end comes always, whether or not there is more to say. So the
/// stream is updating: what comes behind takes corrections, or stands behind `final_only()`. Each
/// key and window keeps a second state of the analyzer, of what it gave last.
template <class Trigger>
struct early {
    Trigger trigger;
};
template <class Trigger>
early(Trigger) -> early<Trigger>;

/// With a lateness, which late events give a corrected record at once: without this each of them.
/// What was not told of when the lateness is over is in the window's last record then.
///
///     window(tumbling{10s}, lateness{1min}, late{events{50}}, drop_late)
template <class Trigger>
struct late {
    Trigger trigger;
};
template <class Trigger>
late(Trigger) -> late<Trigger>;

namespace detail {

/// Tells a trigger's settings under longer names.
template <class To>
struct trigger_description {
    To& to;
    std::string prefix;

    template <class... Value>
    void setting(std::string_view name, const Value&... value) {
        to.setting(prefix + std::string{name}, value...);
    }
    template <class... Value>
    void tunable(std::string_view name, const Value&... value) {
        to.tunable(prefix + std::string{name}, value...);
    }
};

template <class To, class Trigger>
void describe_trigger(To& to, std::string_view when, const Trigger& trigger) {
    if constexpr (!std::same_as<Trigger, events> && !std::same_as<Trigger, every>)
        to.setting(when, type_name<Trigger>());
    trigger_description<To> longer{to, std::string{when} + "_"};
    if constexpr (requires { trigger.describe(longer); }) trigger.describe(longer);
}

}  // namespace detail

/// When a window fires besides at its end.
///
/// @tparam Early, Late std::tuples of triggers
template <class Early = std::tuple<>, class Late = std::tuple<>>
struct firing {
    static constexpr bool has_early = std::tuple_size_v<Early> != 0;
    static constexpr bool has_late = std::tuple_size_v<Late> != 0;

    [[no_unique_address]] Early early{};
    [[no_unique_address]] Late late{};

    template <class To>
    void describe(To& to) const {
        const auto tell = [&](std::string_view when, const auto& triggers) {
            std::apply(
                [&](const auto&... each) { (detail::describe_trigger(to, when, each), ...); },
                triggers);
        };
        tell("early", early);
        tell("late_firing", late);
    }
};

namespace detail {

template <class T>
inline constexpr bool is_early = false;
template <class T>
inline constexpr bool is_early<early<T>> = true;
template <class T>
inline constexpr bool is_late_firing = false;
template <class T>
inline constexpr bool is_late_firing<late<T>> = true;

template <class T>
inline constexpr bool is_interval = std::same_as<T, every>;

/// The triggers of those options that are of the kind.
template <class Option>
[[nodiscard]] auto early_triggers(const Option& option) {
    if constexpr (is_early<Option>) {
        return std::tuple{option.trigger};
    } else {
        return std::tuple{};
    }
}
template <class Option>
[[nodiscard]] auto late_triggers(const Option& option) {
    if constexpr (is_late_firing<Option>) {
        return std::tuple{option.trigger};
    } else {
        return std::tuple{};
    }
}

template <class... Options>
[[nodiscard]] auto firing_of(const Options&... options) {
    auto before = std::tuple_cat(early_triggers(options)...);
    auto behind = std::tuple_cat(late_triggers(options)...);
    return firing<decltype(before), decltype(behind)>{std::move(before), std::move(behind)};
}

/// Whether all of a tuple are triggers for the event.
template <class Event, class Triggers>
inline constexpr bool are_triggers = false;
template <class Event, class... Triggers>
inline constexpr bool are_triggers<Event, std::tuple<Triggers...>> =
    (trigger_policy<Triggers, Event> && ...);

template <class Triggers>
inline constexpr int intervals_in = 0;
template <class... Triggers>
inline constexpr int intervals_in<std::tuple<Triggers...>> = (0 + ... +
                                                              (is_interval<Triggers> ? 1 : 0));

}  // namespace detail

}  // namespace millrace
