#pragma once

#include <tuple>
#include <utility>

#include <millrace/pipeline/chain.hpp>
#include <millrace/pipeline/from.hpp>

namespace millrace {

/// A described pipeline: a source, or other pipelines that meet (see `union_of`), and the stages
/// behind. It does nothing until `start` or an endpoint's `serve` gives it a place to publish to.
template <class Source, pipeline_stage... Stages>
struct pipeline {
    using input_stream = decltype(std::declval<const Source&>().output());
    using output_stream = typename detail::stream_behind<input_stream, Stages...>::type;

    Source source;
    std::tuple<Stages...> stages;
};

namespace detail {

template <class T>
inline constexpr bool is_pipeline = false;
template <class Source, class... Stages>
inline constexpr bool is_pipeline<pipeline<Source, Stages...>> = true;

template <class Event, class Codec, class Timing>
[[nodiscard]] auto as_pipeline(from_stage<Event, Codec, Timing> source) {
    return pipeline<from_stage<Event, Codec, Timing>>{std::move(source), {}};
}
template <class Other>
[[nodiscard]] Other as_pipeline(Other other) {
    return other;
}

template <class Source, class... Stages, class... Added>
[[nodiscard]] auto extend(pipeline<Source, Stages...> front, std::tuple<Added...> back) {
    require_stages<typename pipeline<Source, Stages...>::output_stream, Added...>();
    return pipeline<Source, Stages..., Added...>{
        std::move(front.source), std::tuple_cat(std::move(front.stages), std::move(back))};
}

}  // namespace detail

template <class Event, class Codec, class Timing, pipeline_stage Stage>
[[nodiscard]] auto operator|(from_stage<Event, Codec, Timing> source, Stage next) {
    return detail::extend(pipeline<from_stage<Event, Codec, Timing>>{std::move(source), {}},
                          detail::stages_of(std::move(next)));
}

template <class Source, class... Stages, pipeline_stage Stage>
[[nodiscard]] auto operator|(pipeline<Source, Stages...> front, Stage next) {
    return detail::extend(std::move(front), detail::stages_of(std::move(next)));
}

template <class Event, class Codec, class Timing, class Other>
requires(!pipeline_stage<Other>) auto operator|(const from_stage<Event, Codec, Timing>&,
                                                const Other&) {
    return detail::require_stage_behind<Other>();
}
template <class Source, class... Stages, class Other>
requires(!pipeline_stage<Other>) auto operator|(const pipeline<Source, Stages...>&, const Other&) {
    return detail::require_stage_behind<Other>();
}

}  // namespace millrace
