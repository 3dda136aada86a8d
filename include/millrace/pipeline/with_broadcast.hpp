#pragma once

#include <concepts>
#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <millrace/core/detail/require_option.hpp>
#include <millrace/core/stage.hpp>
#include <millrace/core/stream.hpp>
#include <millrace/core/type_name.hpp>
#include <millrace/pipeline/broadcast_context.hpp>
#include <millrace/pipeline/detail/state/broadcast_node.hpp>
#include <millrace/pipeline/detail/state/ordered_broadcast_node.hpp>
#include <millrace/pipeline/pipeline.hpp>
#include <millrace/pipeline/process_with_state.hpp>

namespace millrace {

/// An option of `with_broadcast`: rules hold from their own event time on, however they and the
/// events arrive. Events wait for that until the watermark of their stream is past them, as windows
/// do, or the stream is idle or finished; so `disorder` is also how much later than the events a
/// rule may come. One that comes later still holds from then on. Rules wait, too, where they are of
/// a time to come.
struct in_time_order {
    /// How many events and rules may wait in all. Beyond, the earliest go on before their time,
    /// which `pipeline_stats::released_early` counts: nothing is lost but the order.
    std::size_t max_waiting = 100'000;
    /// Likewise, how many bytes they may take: themselves, and the texts and containers that their
    /// schema leads to. One that is larger alone does not wait, and is counted.
    ///
    /// Who sends what is of a time to come takes the room of others until then; `max_ahead` of the
    /// source says how far that may be.
    std::size_t max_waiting_bytes = 64 * 1024 * 1024;
};

namespace detail {

struct order_of_arrival {};

/// What is done with the events, where no key has a state.
template <class Out, class Functions>
struct broadcast_call_stage {
    Functions functions;

    template <class Event>
    using out_of = std::conditional_t<std::same_as<Out, same_events>, Event, Out>;
    template <class Stream, class Next>
    using node_of = broadcast_call<out_of<typename Stream::event_type>, Functions, Next>;

    template <class Stream>
    static consteval void require() {
        static_assert(!Functions::has_timers && !Functions::has_wall_timers,
                      "with_broadcast needs: process_with_state as its function, where that has "
                      "timers (see millrace/pipeline/with_broadcast.hpp)");
        static_assert(
            takes_event<decltype(Functions::on_event), typename node_of<Stream, end_node>::context,
                        typename Stream::event_type>,
            "with_broadcast needs: a function void(auto& ctx, const Event&) of the "
            "stream's event, or an object with such a member on_event; const, for what "
            "is kept belongs to a state (see millrace/pipeline/with_broadcast.hpp)");
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
    [[nodiscard]] auto make_node(const Stream&, Next next, Context&) const {
        return node_of<Stream, Next>{{std::move(next)}, functions};
    }

    template <class To>
    void describe(To&) const {}
};

/// What `with_broadcast` gives: the rules, and what is to be done with the stream in front.
template <class Rules, class OnRule, class Inner, class Order>
struct broadcast_input {
    Rules rules;
    OnRule on_rule;
    Inner inner;
    Order order;
};

/// Stops the compiler where the streams do not meet.
template <class Order, class Stream, class Rules>
consteval bool require_broadcast() {
    constexpr bool is_open = !std::same_as<Stream, no_stream> && !std::same_as<Rules, no_stream>;
    static_assert(is_open,
                  "with_broadcast needs: pipelines that go on; a tee of two branches ends its "
                  "pipeline (see millrace/operators/tee.hpp)");
    if constexpr (is_open) {
        constexpr bool is_whole = !Stream::is_windowed && !Rules::is_windowed;
        constexpr bool is_shared =
            !is_key_time<typename Stream::time_type> && !is_key_time<typename Rules::time_type>;
        constexpr bool is_append_only = !Stream::is_updating && !Rules::is_updating;
        static_assert(is_whole,
                      "window needs: a process behind it, before with_broadcast (see "
                      "millrace/pipeline/process.hpp)");
        static_assert(is_shared,
                      "with_broadcast needs: streams whose watermark holds for all their keys, "
                      "which that of per_key does not; take by_producer (see "
                      "millrace/pipeline/source_time.hpp)");
        static_assert(is_append_only,
                      "with_broadcast needs: streams that are not corrected; put final_only() "
                      "before it (see millrace/operators/final_only.hpp)");
        if constexpr (std::same_as<Order, in_time_order>) {
            static_assert(!std::same_as<typename Stream::time_type, no_time> &&
                              !std::same_as<typename Rules::time_type, no_time>,
                          "in_time_order needs: event times of both, by an event_time field in the "
                          "schema of the source's event or processing_time in its from (see "
                          "millrace/core/schema.hpp)");
            static_assert(
                is_kept<typename Stream::event_type> && is_kept<typename Rules::event_type>,
                "in_time_order needs: events and rules that can wait, which have a "
                "schema, are made without arguments and refer to nothing but texts that "
                "the schema names (see millrace/core/owned_views.hpp)");
        }
        return is_whole && is_shared && is_append_only;
    } else {
        return false;
    }
}

}  // namespace detail

/// A pipeline that meets another one, whose events are rules for its own.
template <class Front, class Rules, class OnRule, class Inner, class Order>
struct broadcast_stage {
    static constexpr std::string_view stage_name = "with_broadcast";
    using broadcast_type = typename decltype(Inner::functions)::broadcast_type;

    std::tuple<Front, Rules> inputs;
    OnRule on_rule;
    Inner inner;
    Order order;

    /// The stream that it gives.
    [[nodiscard]] auto output() const { return inner.output(front()); }

    template <class Next, class Context>
    [[nodiscard]] auto make_node(Next next, Context& context) const {
        using inner_node = decltype(inner.make_node(front(), std::move(next), context));
        if constexpr (is_in_time_order) {
            using event = typename Front::output_stream::event_type;
            using rule = typename Rules::output_stream::event_type;
            return detail::ordered_broadcast_node<event, rule, inner_node, OnRule>{
                {inner.make_node(front(), std::move(next), context), on_rule},
                order.max_waiting,
                order.max_waiting_bytes};
        } else {
            return detail::broadcast_node<inner_node, OnRule>{
                inner.make_node(front(), std::move(next), context), on_rule};
        }
    }

    template <class To>
    void describe(To& to) const {
        to.setting("broadcast", detail::type_name<broadcast_type>());
        if constexpr (is_in_time_order) {
            to.setting("order", "time");
            to.tunable("max_waiting", order.max_waiting);
            to.tunable("max_waiting_bytes", order.max_waiting_bytes);
        }
        inner.describe(to);
    }

private:
    static constexpr bool is_in_time_order = std::same_as<Order, in_time_order>;

    [[nodiscard]] auto front() const {
        const auto& in = std::get<0>(inputs);
        return detail::output_behind(in.source.output(), in.stages);
    }
};

namespace detail {

template <class Broadcast, class Out, class OnEvent>
[[nodiscard]] auto broadcast_inner(OnEvent on_event) {
    using call = state_functions<OnEvent, no_on_timer, no_on_timer>;
    using functions = broadcast_functions<Broadcast, call>;
    return broadcast_call_stage<Out, functions>{functions{{std::move(on_event), {}, {}}}};
}
template <class Broadcast, class Out, class State, class StateOut, class Call>
[[nodiscard]] auto broadcast_inner(process_with_state_stage<State, StateOut, Call> stage) {
    static_assert(std::same_as<Out, same_events>,
                  "with_broadcast needs: what is emitted said to its process_with_state");
    using functions = broadcast_functions<Broadcast, Call>;
    process_with_state_stage<State, StateOut, functions> made{
        functions{std::move(stage.functions)}};
    made.settings = stage.settings;
    return made;
}

template <class Source, class... Stages, class Rules, class OnRule, class Inner, class Order>
[[nodiscard]] auto broadcast_to(pipeline<Source, Stages...> front,
                                broadcast_input<Rules, OnRule, Inner, Order> to) {
    using front_type = pipeline<Source, Stages...>;
    using stream = typename front_type::output_stream;
    if constexpr (require_broadcast<Order, stream, typename Rules::output_stream>()) {
        Inner::template require<stream>();
        return pipeline<broadcast_stage<front_type, Rules, OnRule, Inner, Order>>{
            {{std::move(front), std::move(to.rules)},
             std::move(to.on_rule),
             std::move(to.inner),
             to.order},
            {}};
    }
}

}  // namespace detail

/// Lets all events see a state that the events of another pipeline make, whatever their key: rules,
/// limits or settings that change now and then.
///
///     from<trade>("trades")
///     | with_broadcast<limits, alarm>(
///           from<limit>("limits"),
///           [](limits& all, const limit& one) { all.of[one.symbol] = one.price; },
///           [](auto& ctx, const trade& t) {
///               if (t.price > ctx.broadcast().of_symbol(t.symbol)) ctx.emit({t.symbol, t.price});
///           })
///     | publish("alarms")
///
/// `on_rule(state, rule)` changes the state, of which there is one for all keys; it has no key and
/// emits nothing. `on_event(ctx, event)` only reads it, as `ctx.broadcast()`; the other members of
/// `ctx` are those of millrace/pipeline/broadcast_context.hpp. `Out` is what `ctx.emit` takes, by
/// default the stream's own event, which keeps its key then.
///
/// Where each key has a state or timers of its own, `process_with_state` stands for `on_event`, and
/// its functions have `ctx.broadcast()`, too, also at timers:
///
///     trades | key_by(&trade::symbol)
///            | with_broadcast<limits>(rules, on_rule,
///                  process_with_state<alarm_state, alarm>(on_event, on_timer, time_to_live{1h}))
///
/// A rule holds for the events that are pushed behind it; what was emitted before stays as it was.
/// With the option `in_time_order{}` it holds for those of its time and later. Until the first one
/// the state is a `State{}`. In either order time is that of the stream alone: rules neither hold
/// the watermark up when they come seldom or never, nor move it.
///
/// Both are pipelines of any length, with windows and other sources in front; behind stands
/// whatever takes the stream. `State` is made without arguments and has `archive(ar)`, or is a map,
/// a number, an enumeration or a std::string; it is saved with the pipeline. How much the rules may
/// add to it is for `on_rule` to limit: nothing else does.
///
/// What the functions throw goes to who pushed the event or rule, and costs that alone; the state
/// stays as they left it. At what had to wait it goes to whoever moved the time on.
/// @throws std::invalid_argument for a `max_waiting` or `max_waiting_bytes` of 0
template <class State, class Out = detail::same_events, class Rules, class OnRule, class OnEvent,
          class Order = detail::order_of_arrival>
[[nodiscard]] auto with_broadcast(Rules rules, OnRule on_rule, OnEvent on_event, Order order = {}) {
    using input = decltype(detail::as_pipeline(std::move(rules)));
    static_assert(detail::is_pipeline<input>,
                  "with_broadcast needs: first the rules, a pipeline that begins with from (see "
                  "millrace/pipeline/with_broadcast.hpp)");
    static_assert(detail::saved_state<State> || detail::map_like<State>,
                  "with_broadcast needs: a state that is made without arguments and has "
                  "archive(ar), or is a map, a number, an enumeration or a std::string (see "
                  "millrace/core/archive.hpp)");
    static_assert(
        std::same_as<Order, detail::order_of_arrival> || std::same_as<Order, in_time_order>,
        "with_broadcast needs: no option but in_time_order (see "
        "millrace/pipeline/with_broadcast.hpp)");
    if constexpr (std::same_as<Order, in_time_order>) {
        detail::require_positive("max_waiting", order.max_waiting, "with_broadcast");
        detail::require_positive("max_waiting_bytes", order.max_waiting_bytes, "with_broadcast");
    }
    if constexpr (detail::is_pipeline<input>) {
        using rule = typename input::output_stream::event_type;
        static_assert(std::invocable<const OnRule&, State&, const rule&>,
                      "with_broadcast needs: behind the rules a function void(State&, const Rule&) "
                      "of their event; const, for what is kept belongs to the state (see "
                      "millrace/pipeline/with_broadcast.hpp)");
        auto inner = detail::broadcast_inner<State, Out>(std::move(on_event));
        return detail::broadcast_input<input, OnRule, decltype(inner), Order>{
            detail::as_pipeline(std::move(rules)), std::move(on_rule), std::move(inner), order};
    }
}

template <class Event, class Codec, class Timing, class Rules, class OnRule, class Inner,
          class Order>
[[nodiscard]] auto operator|(from_stage<Event, Codec, Timing> source,
                             detail::broadcast_input<Rules, OnRule, Inner, Order> to) {
    return detail::broadcast_to(detail::as_pipeline(std::move(source)), std::move(to));
}
template <class Source, class... Stages, class Rules, class OnRule, class Inner, class Order>
[[nodiscard]] auto operator|(pipeline<Source, Stages...> front,
                             detail::broadcast_input<Rules, OnRule, Inner, Order> to) {
    return detail::broadcast_to(std::move(front), std::move(to));
}
template <pipeline_stage Stage, class Rules, class OnRule, class Inner, class Order>
Stage operator|(Stage branch, const detail::broadcast_input<Rules, OnRule, Inner, Order>&) {
    static_assert(!pipeline_stage<Stage>,
                  "with_broadcast needs: a pipeline in front that begins with from; in a branch of "
                  "a tee it does not stand (see millrace/pipeline/with_broadcast.hpp)");
    return branch;
}

}  // namespace millrace
