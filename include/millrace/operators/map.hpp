#pragma once

#include <concepts>
#include <functional>
#include <string_view>
#include <type_traits>

#include <millrace/core/detail/require_fields.hpp>
#include <millrace/operators/operator.hpp>

namespace millrace {

namespace detail {

template <class Function, class Event>
using mapped = std::remove_cvref_t<std::invoke_result_t<Function&, const Event&>>;

}  // namespace detail

template <class Function>
struct map_operator : stage {
    static constexpr std::string_view stage_name = "map";
    using is_one_to_one = void;
    using emits_at_most_one = void;

    Function function;

    explicit map_operator(Function f) : function{std::move(f)} {}

    template <class Event>
    using output = typename detail::output_if<std::invocable<Function&, const Event&>,
                                              detail::mapped, Event, Function, Event>::type;

    template <class Event>
    static consteval void require() {
        constexpr bool takes = std::invocable<Function&, const Event&>;
        static_assert(detail::require_fields<Function, Event, takes>());
        static_assert(takes,
                      "map needs: a function of the stream's event, Out(const Event&) "
                      "(see millrace/operators/map.hpp)");
    }

    template <class Event, class Emit>
    [[gnu::always_inline]] void apply(const Event& event, Emit&& emit) {
        emit(std::invoke(function, event));
    }
};

/// Replaces each event by `f(event)`. A view in the result may point into the event, or into memory
/// that the next call of `f` uses again: it is used before. Where events may be corrected, two
/// results are needed at a time, so that the texts of the first are copied; but what else it refers
/// to, as by a pointer or a span, must outlive the next call.
template <class Function>
[[nodiscard]] map_operator<Function> map(Function f) {
    return map_operator<Function>{std::move(f)};
}

template <class Left>
auto operator|(const Left&, map_operator<detail::uncalled<Left>> (*)(detail::uncalled<Left>)) {
    return detail::require_stage_behind<map_operator<detail::uncalled<Left>>(
        detail::uncalled<Left>)>();
}

}  // namespace millrace
