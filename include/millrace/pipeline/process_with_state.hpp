#pragma once

#include <concepts>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <millrace/core/archive.hpp>
#include <millrace/core/stage.hpp>
#include <millrace/core/stream.hpp>
#include <millrace/core/type_name.hpp>
#include <millrace/pipeline/detail/state/state_node.hpp>
#include <millrace/pipeline/state_options.hpp>

namespace millrace {

/// The function of `process_with_state` for wall timers, `void(auto& ctx, timestamp)`.
template <class Function>
struct on_wall_timer {
    Function function;
};
template <class Function>
on_wall_timer(Function) -> on_wall_timer<Function>;

namespace detail {

/// Stands for events of the type that comes in.
struct same_events {};
struct no_on_timer {};

// A name that two bases have is ambiguous, whatever it names.
struct names_on_timer {
    int on_timer;
};
template <class T>
struct on_timer_twice : T, names_on_timer {};
template <class T>
inline constexpr bool has_on_timer = false;
template <class T>
requires(std::is_class_v<T> &&
         !std::is_final_v<T>) inline constexpr bool has_on_timer<T> = !requires {
    &on_timer_twice<T>::on_timer;
};

struct names_on_wall_timer {
    int on_wall_timer;
};
template <class T>
struct on_wall_timer_twice : T, names_on_wall_timer {};
template <class T>
inline constexpr bool has_on_wall_timer = false;
template <class T>
requires(std::is_class_v<T> &&
         !std::is_final_v<T>) inline constexpr bool has_on_wall_timer<T> = !requires {
    &on_wall_timer_twice<T>::on_wall_timer;
};

template <class Function, class Context, class Event>
concept takes_event = std::invocable<const Function&, Context&, const Event&> ||
    requires(const Function& f, Context& ctx, const Event& event) {
    f.on_event(ctx, event);
};
template <class Function, class Context>
concept takes_timer = std::invocable<const Function&, Context&, timestamp> ||
    requires(const Function& f, Context& ctx, timestamp at) {
    f.on_timer(ctx, at);
};
template <class Function, class Context>
concept takes_wall_timer = std::invocable<const Function&, Context&, timestamp> ||
    requires(const Function& f, Context& ctx, timestamp at) {
    f.on_wall_timer(ctx, at);
};

/// Functions, or an object with all of them.
template <class OnEvent, class OnTimer, class OnWallTimer>
struct state_functions {
    static constexpr bool is_one_object = std::same_as<OnTimer, no_on_timer>;
    static constexpr bool has_timers = !is_one_object || has_on_timer<OnEvent>;
    using timer_function = std::conditional_t<is_one_object, OnEvent, OnTimer>;
    static constexpr bool has_own_wall_timer = !std::same_as<OnWallTimer, no_on_timer>;
    static constexpr bool has_wall_timers = has_own_wall_timer || has_on_wall_timer<OnEvent>;
    using wall_timer_function = std::conditional_t<has_own_wall_timer, OnWallTimer, OnEvent>;

    OnEvent on_event;
    [[no_unique_address]] OnTimer on_timer;
    [[no_unique_address]] OnWallTimer on_wall_timer;

    template <class Context, class Event>
    void event(Context& ctx, const Event& one) const {
        if constexpr (requires { on_event.on_event(ctx, one); }) {
            on_event.on_event(ctx, one);
        } else {
            std::invoke(on_event, ctx, one);
        }
    }
    template <class Context>
    void timer(Context& ctx, timestamp at) const {
        if constexpr (is_one_object) {
            on_event.on_timer(ctx, at);
        } else {
            std::invoke(on_timer, ctx, at);
        }
    }
    template <class Context>
    void wall_timer(Context& ctx, timestamp at) const {
        if constexpr (has_own_wall_timer) {
            std::invoke(on_wall_timer, ctx, at);
        } else {
            on_event.on_wall_timer(ctx, at);
        }
    }
};

template <class State>
concept saved_state = std::default_initializable<State> && std::movable<State> &&
    (archivable<State> || raw_number<State> || std::same_as<State, std::string>);

template <class T>
inline constexpr bool is_wall_timer_function = false;
template <class Function>
inline constexpr bool is_wall_timer_function<on_wall_timer<Function>> = true;

template <class Option>
concept state_option = is_wall_timer_function<Option> ||
    requires(state_settings& to, const Option& option) {
    to.set(option);
};

}  // namespace detail

template <class State, class Out, class Functions>
struct process_with_state_stage : stage {
    static constexpr std::string_view stage_name = "process_with_state";
    using is_by_key = void;
    using opens_no_topic = void;

    Functions functions;
    state_settings settings{};

    explicit process_with_state_stage(Functions f) : functions{std::move(f)} {}

    template <class Event>
    using out_of = std::conditional_t<std::same_as<Out, detail::same_events>, Event, Out>;
    template <class Stream, class Next>
    using node_of =
        detail::state_node<Stream, State, out_of<typename Stream::event_type>, Functions, Next>;

    template <class To>
    void describe(To& to) const {
        to.setting("state", detail::type_name<State>());
        settings.describe(to);
    }

    template <class Stream>
    static consteval void require() {
        static_assert(detail::saved_state<State>,
                      "process_with_state needs: a state that is made without arguments and has "
                      "archive(ar), or is a number, an enumeration or a std::string (see "
                      "millrace/core/archive.hpp)");
        static_assert(!std::same_as<typename Stream::time_type, no_time>,
                      "process_with_state needs: event times, by an event_time field in the schema "
                      "of the source's event or processing_time in its from (see "
                      "millrace/core/schema.hpp)");
        detail::require_own_time<Stream>();
        if constexpr (detail::saved_state<State>) require_functions<Stream>();
    }

    template <class Stream>
    [[nodiscard]] auto output(const Stream& in) const {
        if constexpr (std::same_as<out_of<typename Stream::event_type>,
                                   typename Stream::event_type>) {
            return in;
        } else {
            return in.template of<Out>();
        }
    }

    template <class Stream, class Next, class Context>
    [[nodiscard]] auto make_node(const Stream& in, Next next, Context& context) const {
        detail::check_own_time(in);
        return node_of<Stream, Next>{in, settings, functions, std::move(next), context.pace()};
    }

private:
    template <class Stream>
    static consteval void require_functions() {
        using context = typename node_of<Stream, end_node>::context;
        static_assert(detail::takes_event<decltype(Functions::on_event), context,
                                          typename Stream::event_type>,
                      "process_with_state needs: a function void(auto& ctx, const Event&) of the "
                      "stream's event, or an object with such a member on_event; const, for what "
                      "is kept belongs to the state (see "
                      "millrace/pipeline/process_with_state.hpp)");
        if constexpr (Functions::has_timers) {
            static_assert(detail::takes_timer<typename Functions::timer_function, context>,
                          "process_with_state needs: behind its function on_timer, which is "
                          "void(auto& ctx, timestamp) and const, and its options: time_to_live, "
                          "max_keys, evict_least_recent, refuse_new_keys, max_timers, "
                          "on_wall_timer (see "
                          "millrace/pipeline/process_with_state.hpp)");
        }
        if constexpr (Functions::has_wall_timers) {
            static_assert(
                detail::takes_wall_timer<typename Functions::wall_timer_function, context>,
                "process_with_state needs: an on_wall_timer that is void(auto& ctx, "
                "timestamp) and const (see millrace/pipeline/process_with_state.hpp)");
        }
    }
};

namespace detail {

[[nodiscard]] inline no_on_timer wall_timer_in() { return {}; }
template <class First, class... Options>
[[nodiscard]] auto wall_timer_in(const First& first, const Options&... others) {
    if constexpr (is_wall_timer_function<First>) {
        static_assert((!is_wall_timer_function<Options> && ...),
                      "process_with_state needs: one on_wall_timer");
        return first.function;
    } else {
        return wall_timer_in(others...);
    }
}
template <class State, class Out, class OnEvent, class OnTimer, class... Options>
[[nodiscard]] auto make_process_with_state(OnEvent on_event, OnTimer on_timer,
                                           const Options&... options) {
    static_assert((state_option<Options> && ...),
                  "process_with_state needs: its options, which are time_to_live, max_keys, "
                  "evict_least_recent, refuse_new_keys, max_timers and on_wall_timer (see "
                  "millrace/pipeline/state_options.hpp)");
    auto on_wall = wall_timer_in(options...);
    process_with_state_stage<State, Out, state_functions<OnEvent, OnTimer, decltype(on_wall)>> made{
        {std::move(on_event), std::move(on_timer), std::move(on_wall)}};
    [[maybe_unused]] const auto set = [&]<class Option>(const Option& option) {
        if constexpr (!is_wall_timer_function<Option>) made.settings.set(option);
    };
    (set(options), ...);
    return made;
}

}  // namespace detail

/// Calls a function of one's own for each event, with a `State` for each key and timers:
///
///     | key_by(&trade::symbol)
///     | process_with_state<last_price, price_move>(
///           [](auto& ctx, const trade& t) {
///               if (ctx.has_state()) ctx.emit({t.symbol, t.price - ctx.read().price, t.time});
///               ctx.state().price = t.price;
///               ctx.timer_at(t.time + 5s);
///           },
///           [](auto& ctx, timestamp) { ctx.erase(); },
///           time_to_live{1h})
///
/// `ctx` is a millrace/pipeline/state_context.hpp. The second function, called at the times that
/// `timer_at` was told, may be left out; or one object has members `on_event(ctx, event) const` and
/// `on_timer(ctx, time) const`. Options: `time_to_live`, `max_timers`, and `max_keys`: events of
/// further keys are refused by default, since timers of a key that makes room would never fire;
/// `evict_least_recent` has it otherwise. See millrace/pipeline/state_options.hpp and
/// key_limits.hpp.
///
/// `Out` is what `ctx.emit` takes, by default the stream's own event, which keeps its key then. Of
/// another type it has none: `key_by` gives it one. Where the time is `per_key`, windows behind it
/// need the very same key, which the compiler knows only by name: `per_key(at<"symbol">)` and
/// `key_by("symbol", at<"symbol">)` before and behind.
///
/// Timers are of event time; of the wall clock where the source has `processing_time`. What needs
/// the wall clock all the same, such as an alarm that no more events come, takes wall timers:
///
///     [](auto& ctx, const reading& r) { ctx.wall_timer_at(ctx.now() + 30s); },
///     on_wall_timer{[](auto& ctx, timestamp) { ctx.emit(...); }}
///
/// or a member `on_wall_timer(ctx, time) const`. They fire when the pipeline is told the time, as
/// often as it is: up to one tick of the endpoint later, and where they are set from `ctx.now()`,
/// as much earlier. Those of event time that are due fire first. With several due they fire in the
/// order of their times, where these are equal in one that the events so far decide; all of them
/// before what follows is told of the watermark. `finish` fires none: they are saved with the
/// state. Where a key is evicted from a source `per_key`, its state and timers go.
///
/// What the functions throw goes to who pushed the event. The state stays as they left it, a timer
/// is not called again, and the pipeline goes on. What a timer throws that the watermark fires is
/// of no event, as with windows.
template <class State, class Out = detail::same_events, class OnEvent>
[[nodiscard]] auto process_with_state(OnEvent on_event) {
    return detail::make_process_with_state<State, Out>(std::move(on_event), detail::no_on_timer{});
}
template <class State, class Out = detail::same_events, class OnEvent, class Second,
          class... Options>
[[nodiscard]] auto process_with_state(OnEvent on_event, Second second, const Options&... options) {
    if constexpr (detail::state_option<Second>) {
        return detail::make_process_with_state<State, Out>(
            std::move(on_event), detail::no_on_timer{}, second, options...);
    } else {
        return detail::make_process_with_state<State, Out>(std::move(on_event), std::move(second),
                                                           options...);
    }
}

}  // namespace millrace
