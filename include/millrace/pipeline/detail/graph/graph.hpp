#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <utility>

#include <millrace/codec/codec.hpp>
#include <millrace/core/detail/first_exception.hpp>
#include <millrace/core/timestamp.hpp>
#include <millrace/pipeline/detail/graph/build.hpp>
#include <millrace/pipeline/detail/graph/stages_in.hpp>
#include <millrace/pipeline/detail/recording/held_clock.hpp>
#include <millrace/pipeline/detail/sources/event_check.hpp>
#include <millrace/pipeline/detail/sources/key_source.hpp>
#include <millrace/pipeline/detail/sources/present.hpp>
#include <millrace/pipeline/detail/sources/source.hpp>
#include <millrace/pipeline/from.hpp>
#include <millrace/pipeline/pipeline.hpp>
#include <millrace/pipeline/pipeline_stats.hpp>
#include <millrace/pipeline/stage_stats.hpp>

namespace millrace::detail {

/// Of those that meet, the stages in front of this one.
template <std::size_t Port, class... Inputs>
constexpr std::size_t stages_in_front(const std::tuple<Inputs...>*) {
    constexpr std::array<std::size_t, sizeof...(Inputs)> each{stages_in<Inputs>...};
    std::size_t all = 0;
    for (std::size_t i = 0; i != Port; ++i) all += each[i];
    return all;
}

/// The nodes of a running pipeline whose stages end at `End`, see build.hpp, and its sources, which
/// are numbered from left to right. It stays where it is made.
///
/// @tparam Keys the `key_by` stages behind the end that events reach as they came
template <class Pipeline, class End, class Keys, class Sink, class Clock>
class graph;

/// One source and what stands behind it.
template <class Event, class Codec, class Timing, class... Stages, class End, class Keys,
          class Sink, class Clock>
class graph<pipeline<from_stage<Event, Codec, Timing>, Stages...>, End, Keys, Sink, Clock> {
    using description = pipeline<from_stage<Event, Codec, Timing>, Stages...>;

    static auto keys_of(const description& of, const Keys& behind) {
        return std::tuple_cat(source_keys(of.source.timing, of.source.time),
                              leading_keys(of.stages, behind));
    }
    using chain = decltype(std::declval<build_context<Sink>&>().build(
        std::declval<const typename description::input_stream&>(),
        std::declval<const std::tuple<Stages...>&>(), std::declval<const End&>()));

public:
    static constexpr std::size_t source_count = 1;
    static constexpr bool wants_wall_time = chain::wants_wall_time;

    using event_type = Event;
    using timing_type = Timing;
    using decoder_type = typename Codec::template decoder<Event>;
    using event_check_type = event_check<decltype(keys_of(std::declval<const description&>(),
                                                          std::declval<const Keys&>())),
                                         decltype(check_clock(std::declval<const Clock&>()))>;

    /// `before` stages have smaller numbers.
    graph(const description& of, const End& end, const Keys& behind, build_context<Sink>& context,
          const Clock& clock, std::size_t before)
        : name{of.source.name},
          limits{of.source.limits},
          decode{limits},
          check{keys_of(of, behind), present{of.source.time, check_clock(clock)}},
          root{of.source.time, of.source.timing, clock,
               context.build(of.source.output(), of.stages, end, before + 1)},
          mark_{before + 1, 0, 0, name_of_stage<from_stage<Event, Codec, Timing>>(), true} {}
    graph(const graph&) = delete;
    graph& operator=(const graph&) = delete;

    template <std::size_t Index>
    [[nodiscard]] graph& source() noexcept {
        static_assert(Index == 0, "a pipeline's sources are numbered from 0");
        return *this;
    }

    void wall_time(timestamp now) { root.next().wall_time(now); }
    bool resume() { return root.next().resume(); }
    [[nodiscard]] bool has_room() const { return root.next().has_room(); }
    /// Of the source.
    [[nodiscard]] timestamp watermark() const {
        pipeline_stats own;
        root.collect_own(own);
        return own.watermark;
    }
    void flush() { root.next().flush(); }
    void settle() { root.next().settle(); }
    std::error_code finish() { return root.next().finish(); }
    template <class Stats>
    void collect(Stats& stats) const {
        if constexpr (std::same_as<Stats, pipeline_stats>) {
            stats.events += events;
            stats.rejected += rejected;
            stats.failed += failed;
            pipeline_stats own;
            root.collect_own(own);
            stats.state_bytes += own.state_bytes;
            stats.evicted_keys += own.evicted_keys;
        } else {
            stats.enter(mark_, events + rejected);
            root.collect_own(stats);
            stats.refused_keys = rejected;
        }
        root.next().collect(stats);
    }
    template <class Archive>
    void archive(Archive& ar) {
        ar(events, rejected, failed, root);
    }

    std::string name;
    codec_limits limits;
    decoder_type decode;
    event_check_type check;
    source_node<Event, Timing, Clock, chain> root;
    std::uint64_t events = 0;
    std::uint64_t rejected = 0;
    std::uint64_t failed = 0;        ///< of the events: at which something threw
    first_exception failure;         ///< of a batch, until its end
    bool is_in_batch = false;        ///< the nodes know of the batch
    std::uint64_t taken_before = 0;  ///< the batch
    std::uint64_t first_in_batch = 0;

private:
    stage_mark mark_;
};

/// Several graphs that end at the ports of one node, and what stands behind that.
template <class Meeting, class... Stages, class End, class Keys, class Sink, class Clock>
class graph<pipeline<Meeting, Stages...>, End, Keys, Sink, Clock> {
    using description = pipeline<Meeting, Stages...>;
    static constexpr bool is_one_to_one = requires { typename Meeting::is_one_to_one; };

    /// `number` is that of the stage where they meet.
    static auto make_node(const description& of, const End& end, build_context<Sink>& context,
                          std::size_t number) {
        auto next =
            context.template build<!is_one_to_one>(of.source.output(), of.stages, end, number);
        if constexpr (requires { of.source.make_node(std::move(next), context); }) {
            return of.source.make_node(std::move(next), context);
        } else {
            return of.source.make_node(std::move(next));
        }
    }
    using node = decltype(make_node(std::declval<const description&>(), std::declval<const End&>(),
                                    std::declval<build_context<Sink>&>(), 0));

    static auto keys_of(const description& of, const Keys& behind) {
        if constexpr (requires { typename Meeting::passes_all; }) {
            return leading_keys(of.stages, behind);
        } else {
            return std::tuple<>{};
        }
    }
    using keys = decltype(keys_of(std::declval<const description&>(), std::declval<const Keys&>()));

    using input_types = decltype(Meeting::inputs);

    template <std::size_t Port, class Input>
    struct input {
        using type = graph<Input, port_end<Port, node>, keys, Sink, Clock>;
        type of;

        input(const description& all, node& to, const End& end, const keys& behind,
              build_context<Sink>& context, const Clock& clock, const std::size_t& before)
            : of{std::get<Port>(all.source.inputs),
                 {&to, topic_from(all.stages, end.topic)},
                 behind,
                 context,
                 clock,
                 before + stages_in_front<Port>(static_cast<const input_types*>(nullptr))} {}
    };

    template <class Ports, class Inputs>
    struct input_list;
    template <std::size_t... Ports, class... Inputs>
    struct input_list<std::index_sequence<Ports...>, std::tuple<Inputs...>>
        : input<Ports, Inputs>... {
        static constexpr std::size_t source_count =
            (input<Ports, Inputs>::type::source_count + ...);
        static constexpr bool wants_wall_time =
            (input<Ports, Inputs>::type::wants_wall_time || ...);

        template <class... Arguments>
        explicit input_list(Arguments&&... all) : input<Ports, Inputs>{all...}... {}

        /// Calls `f(graph)` for each, in their order.
        template <class Function>
        void for_each(Function&& f) {
            (f(static_cast<input<Ports, Inputs>&>(*this).of), ...);
        }
        template <class Function>
        void for_each(Function&& f) const {
            (f(static_cast<const input<Ports, Inputs>&>(*this).of), ...);
        }
    };

    using inputs =
        input_list<std::make_index_sequence<std::tuple_size_v<input_types>>, input_types>;
    template <std::size_t Port>
    using input_at = input<Port, std::tuple_element_t<Port, input_types>>;

public:
    static constexpr std::size_t source_count = inputs::source_count;
    static constexpr bool wants_wall_time = node::wants_wall_time || inputs::wants_wall_time;

    graph(const description& of, const End& end, const Keys& behind, build_context<Sink>& context,
          const Clock& clock, std::size_t before)
        : mark_{before + stages_in<Meeting>, 0, 0, name_of_stage<Meeting>(), is_one_to_one},
          node_{make_node(of, end, context, mark_.number)},
          inputs_{of, node_, end, keys_of(of, behind), context, clock, before} {}
    graph(const graph&) = delete;
    graph& operator=(const graph&) = delete;

    template <std::size_t Index>
    [[nodiscard]] auto& source() noexcept {
        return source_in<0, Index>();
    }

    void wall_time(timestamp now) {
        for_all([now](auto& each) { each.wall_time(now); });
    }
    bool resume() {
        bool is_done = true;
        for_all([&](auto& each) { is_done = each.resume() && is_done; });
        return is_done;
    }
    [[nodiscard]] bool has_room() const {
        bool has = true;
        inputs_.for_each([&](const auto& each) { has = has && each.has_room(); });
        return has;
    }
    /// Of the source that is least far.
    [[nodiscard]] timestamp watermark() const {
        timestamp least = timestamp::max();
        inputs_.for_each([&](const auto& each) { least = std::min(least, each.watermark()); });
        return least;
    }
    void flush() {
        for_all([](auto& each) { each.flush(); });
    }
    void settle() {
        for_all([](auto& each) { each.settle(); });
    }
    std::error_code finish() {
        std::error_code error;
        for_all([&](auto& each) {
            const std::error_code own = each.finish();
            if (!error) error = own;
        });
        return error;
    }
    template <class Stats>
    void collect(Stats& stats) const {
        inputs_.for_each([&](const auto& each) { each.collect(stats); });
        if constexpr (!std::same_as<Stats, pipeline_stats>) {
            stats.enter(mark_, node_.events_in());
            node_.collect_own(stats);
        }
        node_.collect(stats);
    }
    template <class Archive>
    void archive(Archive& ar) {
        ar(node_);
        inputs_.for_each([&](auto& each) { ar(each); });
    }

private:
    /// Tells the inputs and then the node where they meet, whatever one throws.
    template <class Tell>
    void for_all(Tell&& tell) {
        first_exception thrown;
        inputs_.for_each([&](auto& each) { thrown.guard([&] { tell(each); }); });
        thrown.guard([&] { tell(node_); });
        thrown.rethrow();
    }

    template <std::size_t Port, std::size_t Index>
    [[nodiscard]] auto& source_in() noexcept {
        constexpr std::size_t here = input_at<Port>::type::source_count;
        if constexpr (Index < here) {
            return static_cast<input_at<Port>&>(inputs_).of.template source<Index>();
        } else {
            return source_in<Port + 1, Index - here>();
        }
    }

    stage_mark mark_;
    node node_;
    inputs inputs_;
};

}  // namespace millrace::detail
