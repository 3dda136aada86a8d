#pragma once

#include <concepts>
#include <string_view>
#include <tuple>
#include <utility>

#include <millrace/core/node.hpp>
#include <millrace/pipeline/chain.hpp>
#include <millrace/pipeline/detail/graph/build.hpp>
#include <millrace/pipeline/sink.hpp>

namespace millrace::detail {

template <class Function, class Event>
inline constexpr bool is_taken_by = std::invocable<Function&, std::string_view, const Event&> ||
                                    std::invocable<Function&, const Event&>;

/// Whether a stage may open topics that nothing tells of.
template <class Function, class Stream, class Stage>
consteval bool may_open_topics() {
    using context = build_context<callable_sink<Function>>;
    constexpr bool publishes = requires { typename Stage::is_publish; };
    constexpr bool contains = requires { typename Stage::contains_errors; };
    constexpr bool branches = requires { typename Stage::side_branch; }
    || requires { typename Stage::first_branch; }
    || requires { typename Stage::section_stages; };
    if constexpr (publishes || contains || branches || requires { typename Stage::opens_no_topic; })
        return false;
    else
        return requires(const Stage& stage, const Stream& in, end_node next, context& of) {
            stage.make_node(in, std::move(next), of);
        };
}

/// Whether the function takes anything of what these stages give to the sink; true where
/// that is not known.
template <class Function, bool IsPublished, bool IsOpenEnd, class Stream, class... Stages>
consteval bool takes_some_of(const std::tuple<Stages...>*);

template <class Function, class Stream, pipeline_stage Branch>
consteval bool takes_some_of_branch() {
    using stages = decltype(stages_of(std::declval<Branch>()));
    return takes_some_of<Function, false, true, Stream>(static_cast<const stages*>(nullptr));
}

template <class Function, bool IsPublished, bool IsOpenEnd, class Stream, class First,
          class... Rest>
consteval bool takes_some_behind(const std::tuple<First, Rest...>*) {
    constexpr bool publishes = requires { typename First::is_publish; };
    if constexpr (publishes || requires { typename First::contains_errors; })
        if (is_taken_by<Function, typename Stream::event_type>) return true;
    if constexpr (may_open_topics<Function, Stream, First>()) return true;
    if constexpr (Stream::is_windowed)
        if constexpr (requires(typename Stream::windowing_type::late_policy late) { late.topic; })
            if (is_taken_by<Function, typename Stream::event_type>) return true;
    if constexpr (requires { typename First::side_branch; })
        if (takes_some_of_branch<Function, Stream, typename First::side_branch>()) return true;
    if constexpr (requires { typename First::section_stages; }) {
        using stages = decltype(std::tuple_cat(std::declval<typename First::section_stages>(),
                                               std::declval<std::tuple<Rest...>>()));
        return takes_some_of<Function, IsPublished, IsOpenEnd, Stream>(
            static_cast<const stages*>(nullptr));
    } else if constexpr (requires { typename First::first_branch; }) {
        return takes_some_of_branch<Function, Stream, typename First::first_branch>() ||
               takes_some_of_branch<Function, Stream, typename First::second_branch>();
    } else {
        using next = typename stream_behind<Stream, First>::type;
        return takes_some_of<Function, is_published_behind<First, IsPublished>(), IsOpenEnd, next>(
            static_cast<const std::tuple<Rest...>*>(nullptr));
    }
}

template <class Function, bool IsPublished, bool IsOpenEnd, class Stream, class... Stages>
consteval bool takes_some_of(const std::tuple<Stages...>* stages) {
    if constexpr (sizeof...(Stages) != 0) {
        return takes_some_behind<Function, IsPublished, IsOpenEnd, Stream>(stages);
    } else if constexpr (!IsOpenEnd || IsPublished) {
        return false;
    } else if constexpr (Stream::is_windowed) {
        return true;  // the window lacks its process: that is said where it is built
    } else {
        return is_taken_by<Function, typename Stream::event_type>;
    }
}

/// Likewise, of what a pipeline gives.
template <class Function, class Pipeline, bool IsOpenEnd = true>
consteval bool takes_some_records() {
    using source = decltype(Pipeline::source);
    if constexpr (requires { typename source::opens_topics; }) return true;
    if constexpr (requires { &source::inputs; }) {
        const auto any = []<class... Inputs>(const std::tuple<Inputs...>*) {
            return (takes_some_records<Function, Inputs, false>() || ...);
        };
        using inputs = decltype(source::inputs);
        if (any(static_cast<const inputs*>(nullptr))) return true;
    }
    using stages = decltype(Pipeline::stages);
    return takes_some_of<Function, false, IsOpenEnd, typename Pipeline::input_stream>(
        static_cast<const stages*>(nullptr));
}

}  // namespace millrace::detail
