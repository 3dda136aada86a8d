#pragma once

#include <concepts>
#include <utility>

#include <millrace/core/stage.hpp>

namespace millrace {

namespace detail {

// Where the requirement does not hold, the stream's own type stands in, so that what the compiler
// says is the requirement's sentence and no more.
template <bool Holds, template <class...> class Output, class Event, class... Arguments>
struct output_if {
    using type = Event;
};
template <template <class...> class Output, class Event, class... Arguments>
struct output_if<true, Output, Event, Arguments...> {
    using type = Output<Arguments...>;
};

struct ignore_event {
    template <class Event>
    void operator()(const Event&) const noexcept {}
};

}  // namespace detail

/// An operator turns each event into none, one or several, at once and without time. The least
/// that one needs:
///
///     struct first_of_pair : millrace::stage {
///         template <class Event> using output = Event;
///         template <class Event> static consteval void require() {}
///         template <class Event, class Emit> void apply(const Event& e, Emit&& emit) { emit(e); }
///     };
///
/// | member                    | meaning                                                          |
/// |---------------------------|------------------------------------------------------------------|
/// | base `millrace::stage`    | lets `|` join it                                                 |
/// | `output<Event>`           | the type of what comes out                                       |
/// | `require<Event>()`        | stops the compiler with a sentence when `Event` does not fit     |
/// | `apply(event, emit)`      | calls `emit(output)` for each event out, before it returns       |
/// | `emits_at_most_one`, opt. | a type: corrections cost no memory, and `emit` may call `apply` |
/// | `keeps_events`, optional  | a type: what comes out came in, as it is                         |
/// | `archive(ar)`, optional   | an operator with state saves and loads it                        |
/// | `stage_name`, `describe`  | optional, as in millrace/core/stage.hpp                          |
///
/// An operator whose output is its input type keeps the stream's key; any other loses it.
template <class Op, class Event>
concept stream_operator = pipeline_stage<Op> &&
    requires(Op& op, const Event& event, detail::ignore_event emit) {
    typename Op::template output<Event>;
    Op::template require<Event>();
    op.apply(event, emit);
};

}  // namespace millrace
