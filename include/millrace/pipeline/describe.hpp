#pragma once

#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <millrace/core/record.hpp>
#include <millrace/core/schema.hpp>
#include <millrace/core/stage.hpp>
#include <millrace/core/stream.hpp>
#include <millrace/core/type_name.hpp>
#include <millrace/pipeline/chain.hpp>
#include <millrace/pipeline/pipeline.hpp>
#include <millrace/pipeline/stage_description.hpp>
#include <millrace/pipeline/stage_stats.hpp>
#include <millrace/pipeline/topology.hpp>

namespace millrace {

namespace detail {

template <class Event>
struct described_fields {
    static void append(topology::stream& to) {
        if constexpr (scalar<Event>) {
            to.fields.push_back({"value", scalar_name<Event>()});
        } else if constexpr (described<Event>) {
            schema<Event>.for_each([&](const auto& each) {
                using field = std::remove_cvref_t<decltype(each)>;
                to.fields.push_back(
                    {std::string{each.name}, scalar_name<typename field::value_type>()});
            });
        }
    }
};
template <class Key, class Result, class Window>
struct described_fields<record<Key, Result, Window>> {
    static void append(topology::stream& to) {
        if constexpr (is_composite_key<Key>) {
            const auto names = names_with_key<record<Key, Result, Window>>(to.key);
            std::apply(
                [&, i = std::size_t{0}]<class... Part>(const Part&...) mutable {
                    (to.fields.push_back({names[i++], scalar_name<Part>()}), ...);
                },
                Key{}.parts);
        } else if constexpr (!std::same_as<Key, no_key>)
            to.fields.push_back({to.key.empty() ? "key" : to.key, scalar_name<Key>()});
        if constexpr (std::same_as<Window, numbered_window>)
            to.fields.push_back({"number", scalar_name<std::uint64_t>()});
        described_fields<Result>::append(to);
    }
};

template <class Stream>
[[nodiscard]] topology::stream describe_stream(const Stream& in) {
    using event = typename Stream::event_type;
    using time = typename Stream::time_type;
    topology::stream made;
    if constexpr (std::is_class_v<event>) {
        made.event = type_name<event>();
        if (made.event.empty()) made.event = "event";
    } else {
        made.event = scalar_name<event>();
    }
    made.key = in.key.name;
    made.time = std::same_as<time, no_time> ? "none" : is_key_time<time> ? "per key" : "shared";
    made.is_updating = Stream::is_updating;
    described_fields<event>::append(made);
    return made;
}

/// Walks through a pipeline as events do, and notes its stages.
class pipeline_walk {
public:
    template <class Stage, class Stream>
    std::size_t add(const Stage& stage, const Stream& in, topology::stream output,
                    std::optional<std::size_t> front) {
        const std::size_t number = made.stages.size();
        topology::stage& added = made.stages.emplace_back();
        added.name = name_of_stage<Stage>();
        added.identity = requires { Stage::stage_name; }
        ? added.name : "stage";
        added.id = id_of_stage(number + 1, added.name);
        added.output = std::move(output);
        stage_description to{added};
        if constexpr (requires { stage.describe(to, in); }) {
            stage.describe(to, in);
        } else if constexpr (requires { stage.describe(to); }) {
            stage.describe(to);
        }
        if (front) made.edges.push_back({*front, number});
        return number;
    }

    /// The number of its last stage.
    template <class Source, class... Stages>
    std::size_t walk_all(const pipeline<Source, Stages...>& of) {
        std::vector<std::size_t> fronts;
        if constexpr (requires { of.source.inputs; }) {
            std::apply([&](const auto&... each) { (fronts.push_back(walk_all(each)), ...); },
                       of.source.inputs);
        }
        const auto in = of.source.output();
        const std::size_t number = add(of.source, in, describe_stream(in), std::nullopt);
        for (const std::size_t front : fronts) made.edges.push_back({front, number});
        return walk<0>(in, of.stages, number);
    }

    template <std::size_t At, class Stream, class... Stages>
    std::size_t walk(const Stream& in, const std::tuple<Stages...>& stages, std::size_t front) {
        if constexpr (At < sizeof...(Stages)) {
            const auto& here = std::get<At>(stages);
            using stage = std::remove_cvref_t<decltype(here)>;
            const auto out = output_of(here, in);
            if constexpr (requires { typename stage::measures_time; }) {
                return walk<At + 1>(in, stages, front);
            } else if constexpr (requires { typename stage::side_branch; }) {
                const std::size_t number = add(here, in, describe_stream(in), front);
                const std::size_t last = walk<At + 1>(in, stages, number);
                walk<0>(in, stages_of(here.side), number);
                return last;
            } else if constexpr (requires { typename stage::first_branch; }) {
                const std::size_t number = add(here, in, describe_stream(in), front);
                walk<0>(in, stages_of(here.first), number);
                walk<0>(in, stages_of(here.second), number);
                return number;
            } else if constexpr (requires { typename stage::section_stages; }) {
                const std::size_t number = add(here, in, describe_stream(in), front);
                return walk<At + 1>(out, stages, walk<0>(in, here.section, number));
            } else {
                return walk<At + 1>(out, stages, add(here, in, describe_stream(out), front));
            }
        } else {
            return front;
        }
    }

    topology made{};
};

}  // namespace detail

/// Says what a pipeline is made of; nothing is started or opened for that.
///
///     std::cout << describe(bars).text();
///
/// A stage of one's own says what it is by `stage_name` and `describe`, see
/// millrace/core/stage.hpp.
template <class Source, class... Stages>
[[nodiscard]] topology describe(const pipeline<Source, Stages...>& of) {
    detail::pipeline_walk walk;
    walk.walk_all(of);
    return std::move(walk.made);
}

}  // namespace millrace
