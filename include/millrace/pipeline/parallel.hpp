#pragma once

#include <concepts>
#include <cstddef>
#include <stdexcept>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <millrace/core/archive.hpp>
#include <millrace/core/key.hpp>
#include <millrace/core/stage.hpp>
#include <millrace/core/stream.hpp>
#include <millrace/pipeline/chain.hpp>
#include <millrace/pipeline/detail/graph/build.hpp>
#include <millrace/pipeline/detail/parallel/key_groups.hpp>
#include <millrace/pipeline/detail/parallel/parallel_node.hpp>
#include <millrace/pipeline/detail/parallel/portable.hpp>
#include <millrace/pipeline/detail/parallel/section_end.hpp>
#include <millrace/pipeline/detail/parallel/section_exit.hpp>

namespace millrace {

/// Option of `parallel`: what comes out is the same for any number of loops, also in its order.
struct ordered_t {};
inline constexpr ordered_t ordered{};

namespace detail {

template <class Stream, class... Stages>
consteval void require_by_key(const std::tuple<Stages...>*);

template <class Stream, pipeline_stage Branch>
consteval void require_branch_by_key() {
    using stages = decltype(stages_of(std::declval<Branch>()));
    require_by_key<Stream>(static_cast<const stages*>(nullptr));
}

/// Stops the compiler where what a stage does with an event depends on others than those of its
/// key.
template <class Stage, class Stream>
consteval void require_stage_by_key() {
    constexpr bool is_operator = has_operator_output<Stage, typename Stream::event_type>;
    constexpr bool is_by_key = requires { typename Stage::is_by_key; };
    constexpr bool is_tee = requires { typename Stage::side_branch; }
    || requires { typename Stage::first_branch; };
    static_assert(
        is_by_key || is_tee || (is_operator && !archivable<Stage>),
        "parallel needs: stages that look at one key at a time, such as window, process, "
        "detect, latest and process_with_state, and operators without state, or a stage of "
        "your own with a member type is_by_key; all others go before it or behind it (see "
        "millrace/pipeline/parallel.hpp)");
    static_assert(!is_by_key || !std::same_as<typename Stream::key_by_type, unkeyed>,
                  "parallel needs: the key that is before it for all of its stages; a map in it "
                  "that gives other events comes last, or behind it (see "
                  "millrace/pipeline/parallel.hpp)");
    if constexpr (requires { typename Stage::side_branch; })
        require_branch_by_key<Stream, typename Stage::side_branch>();
    if constexpr (requires { typename Stage::first_branch; }) {
        require_branch_by_key<Stream, typename Stage::first_branch>();
        require_branch_by_key<Stream, typename Stage::second_branch>();
    }
}

template <class Stream, class... Stages>
consteval void require_by_key(const std::tuple<Stages...>*) {
    const auto each = []<class First, class... Rest>(const std::tuple<First, Rest...>*) {
        require_stage_by_key<First, Stream>();
        if constexpr (sizeof...(Rest) > 0)
            require_by_key<typename stream_behind<Stream, First>::type>(
                static_cast<const std::tuple<Rest...>*>(nullptr));
    };
    each(static_cast<const std::tuple<Stages...>*>(nullptr));
}

}  // namespace detail

template <bool IsOrdered, pipeline_stage... Stages>
struct parallel_stage : stage {
    static constexpr std::string_view stage_name = "parallel";
    using is_one_to_one = void;
    using takes_updates = void;
    using section_stages = std::tuple<Stages...>;

    std::size_t loops;
    section_stages section;

    /// @throws std::invalid_argument for no loops, or more than there are groups of keys
    parallel_stage(std::size_t count, section_stages stages)
        : loops{count}, section{std::move(stages)} {
        if (count == 0 || count > detail::key_groups::count)
            throw std::invalid_argument{"parallel: loops must be from 1 to 128"};
    }

    template <class To>
    void describe(To& to) const {
        to.setting("loops", loops);
        to.setting("ordered", IsOrdered, false);
    }

    template <class Stream>
    using stream_out = typename detail::stream_behind<Stream, Stages...>::type;

    template <class Stream>
    static consteval void require() {
        static_assert(!std::same_as<typename Stream::key_by_type, unkeyed>,
                      "parallel needs: a key by which loops share the stream, by key_by before it "
                      "(see millrace/operators/key_by.hpp)");
        static_assert(!is_key_time<typename Stream::time_type>,
                      "parallel needs: a watermark that holds for all keys, which that of per_key "
                      "does not; take by_producer (see millrace/pipeline/source_time.hpp)");
        static_assert(detail::is_portable<typename Stream::event_type>,
                      "parallel needs: events whose copies refer to nothing but texts that their "
                      "schema names (see millrace/core/owned_views.hpp)");
        detail::require_stages<Stream, Stages...>();
        if constexpr (!std::same_as<typename Stream::key_by_type, unkeyed>)
            detail::require_by_key<Stream>(static_cast<const section_stages*>(nullptr));
        if constexpr (!std::same_as<stream_out<Stream>, no_stream>) {
            using out = stream_out<Stream>;
            static_assert(!out::is_windowed,
                          "window needs: a process behind it (see millrace/pipeline/process.hpp)");
            static_assert(detail::is_portable<typename out::event_type>,
                          "parallel needs: what comes out of it to have a schema, and copies that "
                          "refer to nothing but texts that it names (see "
                          "millrace/core/owned_views.hpp)");
            static_assert(!IsOrdered || !std::same_as<typename out::key_by_type, unkeyed>,
                          "parallel needs: where it is ordered, what comes out to have a key; put "
                          "the map behind it (see millrace/pipeline/parallel.hpp)");
        }
    }

    template <class Stream>
    [[nodiscard]] auto output(const Stream& in) const {
        return detail::output_behind(in, section);
    }

    template <class Stream, class Next, class Context>
    [[nodiscard]] auto make_node(const Stream& in, Next next, Context& context) const {
        using exit = detail::section_exit<Next, IsOrdered>;
        using sink = detail::section_sink<Context, exit>;
        detail::section_topics topics;
        const auto build = [&](std::size_t loop, detail::section_outputs<exit>& to,
                               detail::closing_pace& pace, detail::failed_events& failed) {
            sink to_topics{context, to, topics, detail::key_groups{loops}, loop};
            detail::build_context<sink, Context::is_timed> own{to_topics, pace, failed,
                                                               context.driver()};
            const detail::section_end<exit> end{&to, context.topic()};
            return own.build_section(in, section, end, context.number());
        };
        using chain =
            std::invoke_result_t<decltype(build), std::size_t, detail::section_outputs<exit>&,
                                 detail::closing_pace&, detail::failed_events&>;
        return detail::parallel_node<Stream, chain, exit>{
            in, loops, build, context.pace(), context.driver(), std::move(next)};
    }
};

/// Runs a section of a pipeline in several loops, a thread each, that share the keys:
///
///     from<trade>("trades") | key_by(&trade::symbol)
///         | parallel(4, window(tumbling{1s}, drop_late) | process<summary<mean<&trade::price>>>())
///         | publish("bars")
///
/// It pays where the work is in the section: an event that crosses takes a copy and the hash of its
/// key, and what comes out a copy and a call; one that is pushed alone wakes all loops, so push
/// spans. The threads are the section's own, on an endpoint of several loops, too.
///
/// The rest of the pipeline stays in the thread that drives it, as does its sink. That takes what
/// has come out whenever it is told something: events, time, `tick`, `resume`. That nothing waits
/// for it, an endpoint is woken, and `running_pipeline::on_ready` tells who drives a pipeline.
/// `finish` and `save` wait for all of it.
///
/// What a key's events give is as in one loop, and in its order; so is how late they are, for each
/// loop is told all watermarks. Only the field `late` of a record counts what its loop found late,
/// and limits such as `max_keys` hold for each loop. Between keys the order is that in which loops
/// get to it, and a stage behind may fire more seldom, unless it is to be `ordered`:
///
///     | parallel(4, ordered, window(tumbling{1s}, drop_late) | process<millrace::count>())
///
/// Then results come in the order of what caused them, and of one cause by their key's hash, so
/// that order and offsets are the same for any number of loops, and a replay gives the same. What
/// has come out of a batch waits until all loops are through with it: as many records as windows
/// close at once. Where such a stream meets another one, it comes later by what the loops take; a
/// join's `lateness` is to be as long.
///
/// In a section stand stages that look at one key at a time: `window`, `process`, `detect`,
/// `latest`, `process_with_state`, `changes_only`, `rate_limit`, `sample`, `final_only`; `map`,
/// `filter` and `flat_map`; `tee`, `split`, `publish` and `errors_to`; and a stage of one's own
/// with a member type `is_by_key` (see millrace/core/stage.hpp). A map leaves the key as it is,
/// unless nothing follows it: an event that would be another loop's is refused, std::logic_error.
/// Functions are copied for each loop and called in its thread, those of `late_to`, too: what the
/// copies share must be safe for that, and they must not ask the pipeline for its counts.
///
/// Between the threads are queues of batches: up to 8 to each loop, of 512 events and watermarks of
/// all loops together, and 16 from it, of 1,024 results where they are not `ordered`. Where one is
/// full its sender waits, nothing is dropped; a pipeline whose loops can take no more is behind
/// (see `running_pipeline::is_behind`).
///
/// What is thrown at an event in a loop is counted (`pipeline_stats::failed`), and the first of a
/// batch goes to who drives the pipeline at its next call: who pushed the event has gone on. An
/// `errors_to` has to stand in the section to contain it. A state is saved and loaded with the
/// number of loops that there were.
///
/// @throws std::invalid_argument for 0 loops, or more than 128
template <pipeline_stage Section>
[[nodiscard]] auto parallel(std::size_t loops, Section section) {
    return std::apply(
        [&](auto... stages) {
            return parallel_stage<false, decltype(stages)...>{loops, {std::move(stages)...}};
        },
        detail::stages_of(std::move(section)));
}
template <pipeline_stage Section>
[[nodiscard]] auto parallel(std::size_t loops, ordered_t, Section section) {
    return std::apply(
        [&](auto... stages) {
            return parallel_stage<true, decltype(stages)...>{loops, {std::move(stages)...}};
        },
        detail::stages_of(std::move(section)));
}

namespace detail {

template <class... Arguments>
inline constexpr bool are_parallel_arguments = false;
template <std::convertible_to<std::size_t> Loops, pipeline_stage Section>
inline constexpr bool are_parallel_arguments<Loops, Section> = true;
template <std::convertible_to<std::size_t> Loops, pipeline_stage Section>
inline constexpr bool are_parallel_arguments<Loops, ordered_t, Section> = true;

}  // namespace detail

template <class... Arguments>
requires(!detail::are_parallel_arguments<Arguments...>) auto parallel(const Arguments&...) {
    static_assert(detail::are_parallel_arguments<Arguments...>,
                  "parallel needs: how many loops, ordered if it is asked for, and the stages of "
                  "the section joined by |, as in parallel(4, window(...) | process<...>()) (see "
                  "millrace/pipeline/parallel.hpp)");
}

}  // namespace millrace
