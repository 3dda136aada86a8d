#pragma once

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

#include <millrace/core/archive.hpp>
#include <millrace/core/stage.hpp>
#include <millrace/core/stream.hpp>
#include <millrace/operators/operator.hpp>

namespace millrace {

/// Stages joined by `|`, not yet put on a stream: a branch of a tee, or a part to use again.
template <pipeline_stage... Stages>
struct chain : stage {
    using is_chain = void;

    std::tuple<Stages...> stages;

    explicit chain(std::tuple<Stages...> all) : stages{std::move(all)} {}
};

namespace detail {

template <pipeline_stage Stage>
[[nodiscard]] auto stages_of(Stage only) {
    if constexpr (requires { typename Stage::is_chain; }) {
        return std::move(only.stages);
    } else {
        return std::tuple<Stage>{std::move(only)};
    }
}

template <class... Stages>
[[nodiscard]] chain<Stages...> make_chain(std::tuple<Stages...> all) {
    return chain<Stages...>{std::move(all)};
}

}  // namespace detail

template <pipeline_stage Left, pipeline_stage Right>
[[nodiscard]] auto operator|(Left left, Right right) {
    return detail::make_chain(
        std::tuple_cat(detail::stages_of(std::move(left)), detail::stages_of(std::move(right))));
}

template <pipeline_stage Left, class Other>
requires(!pipeline_stage<Other>) auto operator|(const Left&, const Other&) {
    return detail::require_stage_behind<Other>();
}

namespace detail {

template <class Stage, class Event>
concept has_operator_output = requires {
    typename Stage::template output<Event>;
};

template <class Stream, class... Stages>
consteval void require_stages();

template <class Stream, class... Stages>
consteval void require_branch(const std::tuple<Stages...>*) {
    require_stages<Stream, Stages...>();
}

/// Stops the compiler when the stage does not fit on the stream.
template <class Stage, class Stream>
consteval void require_stage() {
    if constexpr (std::same_as<Stream, no_stream>) {
        static_assert(
            !std::same_as<Stream, no_stream>,
            "tee needs: to be the last stage, where it has two branches; put what follows "
            "into these (see millrace/operators/tee.hpp)");
    } else if constexpr (Stream::is_windowed && !requires { typename Stage::takes_windows; }) {
        static_assert(!Stream::is_windowed,
                      "window needs: its process right behind it; key_by, filter and whatever "
                      "else changes the stream go before it (see millrace/windows/windowing.hpp)");
    } else if constexpr (has_operator_output<Stage, typename Stream::event_type>) {
        Stage::template require<typename Stream::event_type>();
        static_assert(stream_operator<Stage, typename Stream::event_type>,
                      "operator needs: the members in millrace/operators/operator.hpp");
        static_assert(!Stream::is_updating || !archivable<Stage>,
                      "operator needs: no state of its own where events may be corrected; put "
                      "final_only() before it (see millrace/operators/final_only.hpp)");
    } else if constexpr (!requires(const Stage& stage, const Stream& in) {
                             Stage::template require<Stream>();
                             &Stage::template output<Stream>;
                         }) {
        static_assert(
            requires { &Stage::template output<Stream>; },
            "stage needs: require<Stream>(), output(in) and make_node(in, next) "
            "(see millrace/core/stage.hpp)");
    } else if constexpr (Stream::is_updating && !requires { typename Stage::takes_updates; }) {
        static_assert(
            !Stream::is_updating,
            "stage needs: a member type takes_updates, and a node with update and remove, "
            "where events may be corrected; or final_only() before it (see "
            "millrace/core/stage.hpp)");
    } else {
        Stage::template require<Stream>();
        if constexpr (requires { typename Stage::side_branch; }) {
            using side = decltype(stages_of(std::declval<typename Stage::side_branch>()));
            require_branch<Stream>(static_cast<const side*>(nullptr));
        } else if constexpr (requires { typename Stage::first_branch; }) {
            using first = decltype(stages_of(std::declval<typename Stage::first_branch>()));
            using second = decltype(stages_of(std::declval<typename Stage::second_branch>()));
            require_branch<Stream>(static_cast<const first*>(nullptr));
            require_branch<Stream>(static_cast<const second*>(nullptr));
        }
    }
}

/// The stream behind the stage.
template <class Stage, class Stream>
[[nodiscard]] auto output_of(const Stage& on, const Stream& in) {
    if constexpr (std::same_as<Stream, no_stream>) {
        return no_stream{};
    } else if constexpr (has_operator_output<Stage, typename Stream::event_type>) {
        using out = typename Stage::template output<typename Stream::event_type>;
        if constexpr (std::same_as<out, typename Stream::event_type>) {
            return in;
        } else {
            return in.template of<out>();
        }
    } else {
        return on.output(in);
    }
}

template <std::size_t At = 0, class Stream, class... Stages>
[[nodiscard]] auto output_behind(const Stream& in, const std::tuple<Stages...>& stages) {
    if constexpr (At == sizeof...(Stages)) {
        return in;
    } else {
        return output_behind<At + 1>(output_of(std::get<At>(stages), in), stages);
    }
}

/// The stream behind a list of stages, each of which has been checked.
template <class Stream, class... Stages>
struct stream_behind {
    using type = Stream;
};
template <class Stream, class First, class... Rest>
struct stream_behind<Stream, First, Rest...> {
    using next = decltype(output_of(std::declval<const First&>(), std::declval<const Stream&>()));
    using type = typename stream_behind<next, Rest...>::type;
};

template <class Stream, class... Stages>
consteval void require_stages() {
    if constexpr (sizeof...(Stages) > 0) {
        const auto each = []<class First, class... Rest>(const std::tuple<First, Rest...>*) {
            require_stage<First, Stream>();
            if constexpr (sizeof...(Rest) > 0)
                require_stages<typename stream_behind<Stream, First>::type, Rest...>();
        };
        each(static_cast<const std::tuple<Stages...>*>(nullptr));
    }
}

}  // namespace detail

}  // namespace millrace
