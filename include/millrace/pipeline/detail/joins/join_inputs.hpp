#pragma once

#include <concepts>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include <millrace/core/key.hpp>
#include <millrace/core/port.hpp>
#include <millrace/core/stream.hpp>
#include <millrace/joins/join.hpp>
#include <millrace/operators/operator.hpp>
#include <millrace/pipeline/detail/state/kept_event.hpp>
#include <millrace/pipeline/detail/windows/late_output.hpp>
#include <millrace/pipeline/pipeline.hpp>
#include <millrace/windows/windowing.hpp>

namespace millrace::detail {

/// The stream that a pipeline gives.
template <class Pipeline>
[[nodiscard]] auto output_stream_of(const Pipeline& of) {
    return output_behind(of.source.output(), of.stages);
}

/// What stages that join are made of: two pipelines, and a function of their events.
template <class Left, class Right, class Kind, class Function>
struct join_of {
    std::tuple<Left, Right> inputs;
    Function function;

    [[nodiscard]] auto left() const { return output_stream_of(std::get<0>(inputs)); }
    [[nodiscard]] auto right() const { return output_stream_of(std::get<1>(inputs)); }

    /// The stream that comes out: of what the function gives, at the times of the left one.
    [[nodiscard]] auto output() const {
        using left_event = typename Left::output_stream::event_type;
        using right_event = typename Right::output_stream::event_type;
        return left().template of<joined_event<Kind, Function, left_event, right_event>>();
    }
};

/// Stops the compiler where two streams do not meet by a key: of which the first is joined with
/// what is held of the second, and with `HoldsBoth` also the other way round.
template <class Left, class Right, bool HoldsBoth = true>
consteval bool require_joinable_by_key() {
    constexpr bool is_open = !std::same_as<Left, no_stream> && !std::same_as<Right, no_stream>;
    static_assert(is_open,
                  "join needs: pipelines that go on; a tee of two branches ends its pipeline (see "
                  "millrace/operators/tee.hpp)");
    if constexpr (is_open) {
        constexpr bool is_whole = !Left::is_windowed && !Right::is_windowed;
        static_assert(is_whole,
                      "window needs: a process behind it, before the join (see "
                      "millrace/pipeline/process.hpp)");
        constexpr bool is_shared =
            !is_key_time<typename Left::time_type> && !is_key_time<typename Right::time_type>;
        static_assert(is_shared,
                      "join needs: streams whose watermark holds for all their keys, which that of "
                      "per_key does not; take by_producer (see "
                      "millrace/pipeline/source_time.hpp)");
        constexpr bool is_append_only = !Left::is_updating && (!HoldsBoth || !Right::is_updating);
        static_assert(is_append_only,
                      "join needs: streams that are not corrected; put final_only() before it (see "
                      "millrace/operators/final_only.hpp)");
        using left_key = key_of<typename Left::key_by_type, typename Left::event_type>;
        using right_key = key_of<typename Right::key_by_type, typename Right::event_type>;
        constexpr bool is_one_key = std::same_as<left_key, right_key>;
        static_assert(is_one_key,
                      "join needs: keys of one type on both sides, by key_by, or none on both (see "
                      "millrace/operators/key_by.hpp)");
        constexpr bool is_held =
            (!HoldsBoth || is_kept<typename Left::event_type>)&&is_kept<typename Right::event_type>;
        static_assert(is_held,
                      "join needs: events that can be kept, which have a schema, are made without "
                      "arguments and refer to nothing but texts that the schema names (see "
                      "millrace/core/owned_views.hpp)");
        return is_whole && is_shared && is_append_only && is_one_key && is_held;
    } else {
        return false;
    }
}

/// Likewise, by a key and by time.
template <class Left, class Right>
consteval bool require_joinable() {
    if constexpr (require_joinable_by_key<Left, Right>()) {
        constexpr bool is_timed = !std::same_as<typename Left::time_type, no_time> &&
                                  !std::same_as<typename Right::time_type, no_time>;
        static_assert(is_timed,
                      "join needs: event times of both sides, by an event_time field in the schema "
                      "of the source's event or processing_time in its from (see "
                      "millrace/core/schema.hpp)");
        return is_timed;
    } else {
        return false;
    }
}

/// Where late events go, of the side by whose port they came.
template <class OnLeft, class OnRight>
struct late_sides {
    OnLeft left;
    OnRight right;

    template <class Event>
    void operator()(port<0>, const Event& one) const {
        left(one);
    }
    template <class Event>
    void operator()(port<1>, const Event& one) const {
        right(one);
    }
};

template <class Left, class Right, class Late, class Context>
[[nodiscard]] auto open_late_sides(const Left& left, const Right& right, const Late& late,
                                   Context& context) {
    const auto both = [](auto to_left, auto to_right) {
        return late_sides<decltype(to_left), decltype(to_right)>{std::move(to_left),
                                                                 std::move(to_right)};
    };
    if constexpr (std::same_as<Late, late_to_topics>) {
        return both(late_output(left, late_to(late.left), context),
                    late_output(right, late_to(late.right), context));
    } else {
        return both(late_output(left, late, context), late_output(right, late, context));
    }
}

}  // namespace millrace::detail
