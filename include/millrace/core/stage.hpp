#pragma once

#include <concepts>
#include <string_view>

#include <millrace/core/type_name.hpp>

namespace millrace {

/// What the parts of a pipeline derive from, so that `|` joins them and nothing else.
///
/// A stage describes; the node that it makes does the work. The least that one needs:
///
///     struct every_other : millrace::stage {
///         template <class Stream> static consteval void require() {}
///         template <class Stream> Stream output(const Stream& in) const { return in; }
///         template <class Stream, class Next> auto make_node(const Stream&, Next next) const {
///             return node<Next>{{std::move(next)}};
///         }
///
///         template <class Next> struct node : millrace::forwarding_node<Next> {
///             bool skips = true;
///             template <class Event> void push(const Event& event, millrace::event_stamp at) {
///                 if (skips = !skips; !skips) this->next.push(event, at);
///             }
///             template <class Archive> void archive(Archive& ar) { ar(skips, this->next); }
///         };
///     };
///
/// | member                     | meaning                                                         |
/// |----------------------------|-----------------------------------------------------------------|
/// | `require<Stream>()`        | stops the compiler with a sentence when the stream does not fit |
/// | `output(in)`               | the stream that comes out, see millrace/core/stream.hpp         |
/// | `make_node(in, next)`      | the running node, in front of `next`, see millrace/core/node.hpp|
/// | `takes_windows`, optional  | a member type: it stands behind `window`                        |
/// | `takes_updates`, optional  | a member type: its node has `update` and `remove`, so that it   |
/// |                            | may stand where what came before is corrected                   |
/// | `passes_all`, optional     | a member type: all that comes goes on, as it came               |
/// | `is_one_to_one`, optional  | a member type: one event goes on for each that is not counted as|
/// |                            | late or refused, so that nothing else need be counted           |
/// | `is_by_key`, optional      | a member type: what becomes of an event depends on no events of |
/// |                            | other keys, so that it may stand in a `parallel` section        |
/// | `opens_no_topic`, optional | a member type: though `make_node` takes the context below, so   |
/// |                            | that `start` can tell whether its function takes any record     |
/// | `stage_name`, optional     | a `static constexpr std::string_view`: what kind of stage it is |
/// | `describe(to) const`, opt. | a template that says its settings for `describe(pipeline)`      |
///
/// A `describe` has a line for each setting: `to.setting("size", size)` for what decides what comes
/// out, `to.tunable("max_keys", max_keys)` for what may be changed between two runs; see
/// millrace/pipeline/stage_description.hpp. It may be `describe(to, in)`, where that depends on the
/// stream that comes in.
///
/// Some stages have marks which no other needs: `is_publish` (a topic opens there), `measures_time`
/// (it is no stage of the description), `contains_errors` of `errors_to`, and of a `tee` the
/// `side_branch` or the `first_branch` and the `second_branch`, and of a `parallel` the
/// `section_stages`, whose stages count too.
///
/// `make_node` may take a third argument, the `build_context` of
/// millrace/pipeline/detail/graph/build.hpp: for what opens topics and stores. What only turns
/// events into others is shorter as an operator, see millrace/operators/operator.hpp.
struct stage {};

template <class T>
concept pipeline_stage = std::derived_from<T, stage>;

namespace detail {

/// Says what stands behind `|` that is no stage.
template <class Other>
auto require_stage_behind() {
    static_assert(pipeline_stage<Other>,
                  "| needs: a stage behind it, which derives from millrace::stage; what makes one "
                  "is called, as in process<count>() (see millrace/core/stage.hpp)");
}

/// Stands in the type of a function that makes a stage, where the function itself stands behind
/// `|`: a name that is overloaded or a template has a type only where one is asked for. Functions
/// that deduce their result are looked into on the way, and say themselves what they need.
template <class Left>
struct uncalled {};

/// What kind of stage it is: its `stage_name`, else that of its class.
template <class Stage>
[[nodiscard]] constexpr std::string_view name_of_stage() noexcept {
    if constexpr (requires { std::string_view{Stage::stage_name}; }) {
        return Stage::stage_name;
    } else {
        constexpr std::string_view name = type_name<Stage>();
        return name.empty() ? "stage" : name;
    }
}

}  // namespace detail

}  // namespace millrace
