#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <functional>
#include <string_view>
#include <type_traits>
#include <utility>

#include <millrace/core/detail/require_option.hpp>
#include <millrace/core/stage.hpp>
#include <millrace/core/stream.hpp>
#include <millrace/pipeline/answer_to.hpp>
#include <millrace/pipeline/detail/state/async_enrich_node.hpp>
#include <millrace/pipeline/detail/state/kept_event.hpp>

namespace millrace {

/// Options of `async_enrich`: how many events may wait for an answer, or for others whose turn is
/// first; and how long one waits.
struct in_flight {
    std::size_t events = 100;
};
struct timeout {
    duration value = std::chrono::seconds{5};
};

/// Options of `async_enrich`: events go on in the order in which they came, or each as soon as it
/// has its answer.
struct in_order_t {};
inline constexpr in_order_t in_order{};
struct as_answered_t {};
inline constexpr as_answered_t as_answered{};

template <class Answer, bool IsInOrder, class Ask, class Combine>
struct async_enrich_stage : stage {
    static constexpr std::string_view stage_name = "async_enrich";
    using opens_no_topic = void;

    Ask ask;
    Combine combine;
    std::size_t limit = in_flight{}.events;
    duration longest = timeout{}.value;

    async_enrich_stage(Ask f, Combine g) : ask{std::move(f)}, combine{std::move(g)} {}

    void set(in_flight option) {
        limit = detail::require_positive("in_flight", option.events, stage_name);
    }
    void set(timeout option) {
        longest = detail::require_positive("timeout", option.value, stage_name);
    }
    void set(in_order_t) noexcept {}
    void set(as_answered_t) noexcept {}

    template <class To>
    void describe(To& to) const {
        to.setting("in_order", IsInOrder);
        to.tunable("in_flight", limit);
        to.tunable("timeout", longest);
    }

    template <class Event>
    using output_event =
        std::remove_cvref_t<std::invoke_result_t<const Combine&, const Event&, const Answer*>>;

    template <class Stream>
    static consteval void require() {
        using event = typename Stream::event_type;
        static_assert(std::invocable<Ask&, const event&, answer_to<Answer>>,
                      "async_enrich needs: first a function void(const Event&, answer_to<Answer>) "
                      "of the stream's event, which asks (see "
                      "millrace/pipeline/async_enrich.hpp)");
        static_assert(std::invocable<const Combine&, const event&, const Answer*>,
                      "async_enrich needs: second a function Out(const Event&, const Answer*), "
                      "const, of an event and its answer, null where there is none (see "
                      "millrace/pipeline/async_enrich.hpp)");
        static_assert(detail::is_kept<event>,
                      "async_enrich needs: events that can be kept, which have a schema, are made "
                      "without arguments and refer to nothing but texts that the schema names (see "
                      "millrace/core/owned_views.hpp)");
        static_assert(!is_key_time<typename Stream::time_type>,
                      "async_enrich needs: a watermark that holds for all keys, which that of "
                      "per_key does not; take by_producer (see "
                      "millrace/pipeline/source_time.hpp)");
    }

    template <class Stream>
    [[nodiscard]] auto output(const Stream& in) const {
        using event = typename Stream::event_type;
        if constexpr (std::invocable<const Combine&, const event&, const Answer*>) {
            if constexpr (std::same_as<output_event<event>, event>) {
                return in;
            } else {
                return in.template of<output_event<event>>();
            }
        } else {
            return in;
        }
    }

    template <class Stream, class Next, class Context>
    [[nodiscard]] auto make_node(const Stream&, Next next, Context& context) const {
        return detail::async_enrich_node<typename Stream::event_type, Answer, IsInOrder, Ask,
                                         Combine, Next>{
            ask, combine, limit, longest, context.pace(), context.driver(), std::move(next)};
    }
};

namespace detail {

template <class T>
concept async_enrich_option = std::same_as<T, in_flight> || std::same_as<T, timeout> ||
    std::same_as<T, in_order_t> || std::same_as<T, as_answered_t>;

}  // namespace detail

/// Gives each event what is known of it elsewhere, without waiting for one before the next is
/// asked:
///
///     | async_enrich<customer>(
///           [&](const order& o, answer_to<customer> to) { crm.find(std::string{o.by}, to); },
///           [](const order& o, const customer* c) { return priced{o.id, c ? c->discount : 0}; },
///           in_flight{100}, timeout{2s})
///
/// `ask(event, to)` is called at once, in the pipeline's thread; it must not wait. `to(answer)` is
/// called when there is one, from any thread (see `answer_to`); texts that the look-up needs are to
/// be copied. `combine(event, answer)` gives what goes on, with null where there is no answer: none
/// was found, or the timeout was over. Where it gives another type, what goes on has no key;
/// `key_by` gives it one. What is in memory needs none of this: `map` gives it at once.
///
/// Options: `in_flight{100}`, `timeout{5s}`, and `in_order` (the default) or `as_answered`. Events
/// keep their times, and no watermark overtakes one that waits, so nothing becomes late by this.
///
/// While as many wait as may, the pipeline is behind (see `running_pipeline::is_behind`): an
/// endpoint reads its senders no more, once its queues are full, and `push` waits until one has its
/// answer or time is over. So does `finish` for all. An `ask` whose answers come by the same thread
/// is lost then until its timeout: have them come by another one where that may be.
///
/// Answers are taken with whatever comes: events, time, `tick`. That none waits for it, an endpoint
/// is woken, and `running_pipeline::on_ready` tells who drives a pipeline. `timeout` goes by the
/// pipeline's clock, as `tick` tells it, from its first reading behind the question, and while
/// `push` or `finish` wait by the time that passes.
///
/// What `ask` throws costs its event, as elsewhere. What is thrown at an event that has waited is
/// counted (`pipeline_stats::failed`), and goes to who drives the pipeline at its next call. A
/// state that is saved has the events that wait; where it is loaded they are asked for again.
///
/// An event takes a copy, an entry in a map of those that wait, and an allocation for its question.
/// @throws std::invalid_argument for a limit of 0 or a timeout that is not positive
template <class Answer, class Ask, class Combine, class... Options>
[[nodiscard]] auto async_enrich(Ask ask, Combine combine, const Options&... options) {
    static_assert((detail::async_enrich_option<Options> && ...),
                  "async_enrich needs: behind its two functions no other options than in_flight, "
                  "timeout, in_order and as_answered (see millrace/pipeline/async_enrich.hpp)");
    constexpr bool is_in_order = !(false || ... || std::same_as<Options, as_answered_t>);
    async_enrich_stage<Answer, is_in_order, Ask, Combine> made{std::move(ask), std::move(combine)};
    (made.set(options), ...);
    return made;
}

}  // namespace millrace
