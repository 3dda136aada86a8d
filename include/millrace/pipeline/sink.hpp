#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include <millrace/core/record.hpp>
#include <millrace/operators/key_by.hpp>
#include <millrace/pipeline/chain.hpp>

namespace millrace {

/// Where a pipeline publishes to. `open<Record>(topic, key)` gives a channel, a function object
/// `channel(const Record&)`; the topic is empty at the end of a pipeline that does not `publish`.
/// `key` is the stream's: `unkeyed`, or a `key_by_stage` with `name` and a `projection` that gives
/// a record's key. A sink may also have `history<Record>(topic, key_name, storage)`, which is told
/// of each topic's storage. The sink and what it opened live as long as the pipeline.
template <class S>
concept publish_sink = requires(S& sink, std::string_view name, const unkeyed& key) {
    sink.template open<record<no_key, named_value<"value", double>>>(name, key);
};

namespace detail {

/// A user's `f(record)` or `f(topic, record)`; records that it does not take pass unseen, as long
/// as it takes some.
template <class Function>
class callable_sink {
public:
    explicit callable_sink(Function function) : function_{std::move(function)} {}

    template <class Record, class KeyBy>
    [[nodiscard]] auto open(std::string_view topic, const KeyBy&) {
        return [this, name = std::string{topic}](const Record& row) {
            if constexpr (std::invocable<Function&, std::string_view, const Record&>) {
                function_(std::string_view{name}, row);
            } else if constexpr (std::invocable<Function&, const Record&>) {
                function_(row);
            } else {
                static_cast<void>(this);  // clang wants each capture used
            }
        };
    }

private:
    Function function_;
};

template <class Function, class Event>
inline constexpr bool is_taken_by = std::invocable<Function&, std::string_view, const Event&> ||
                                    std::invocable<Function&, const Event&>;

/// Whether the function takes anything of what these stages give to the sink.
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
    constexpr bool passes = requires { typename First::passes_all; };
    if constexpr (publishes || requires { typename First::contains_errors; })
        if (is_taken_by<Function, typename Stream::event_type>) return true;
    if constexpr (Stream::is_windowed)
        if constexpr (requires(typename Stream::windowing_type::late_policy late) { late.topic; })
            if (is_taken_by<Function, typename Stream::event_type>) return true;
    if constexpr (requires { typename First::side_branch; })
        if (takes_some_of_branch<Function, Stream, typename First::side_branch>()) return true;
    if constexpr (requires { typename First::first_branch; }) {
        return takes_some_of_branch<Function, Stream, typename First::first_branch>() ||
               takes_some_of_branch<Function, Stream, typename First::second_branch>();
    } else {
        using next = typename stream_behind<Stream, First>::type;
        return takes_some_of < Function, publishes || (passes && IsPublished), IsOpenEnd,
               next > (static_cast<const std::tuple<Rest...>*>(nullptr));
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

template <class Function, class Pipeline, bool IsOpenEnd = true>
consteval bool takes_some_records() {
    using source = decltype(Pipeline::source);
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

struct ignore_records {
    template <class Record>
    void operator()(const Record&) const noexcept {}
};

}  // namespace detail

}  // namespace millrace
