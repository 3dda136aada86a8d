#pragma once

#include <concepts>
#include <functional>
#include <ranges>
#include <string_view>
#include <type_traits>

#include <millrace/operators/operator.hpp>

namespace millrace {

namespace detail {

template <class Function, class Event>
concept splits = std::invocable<Function&, const Event&> &&
    std::ranges::range<std::invoke_result_t<Function&, const Event&>>;

template <class Function, class Event>
using element_of = std::remove_cvref_t<
    std::ranges::range_reference_t<std::invoke_result_t<Function&, const Event&>>>;

}  // namespace detail

template <class Function>
struct flat_map_operator : stage {
    static constexpr std::string_view stage_name = "flat_map";

    Function function;

    explicit flat_map_operator(Function f) : function{std::move(f)} {}

    template <class Event>
    using output = typename detail::output_if<detail::splits<Function, Event>, detail::element_of,
                                              Event, Function, Event>::type;

    template <class Event>
    static consteval void require() {
        static_assert(detail::splits<Function, Event>,
                      "flat_map needs: a function of the stream's event that returns a range "
                      "(see millrace/operators/flat_map.hpp)");
    }

    template <class Event, class Emit>
    void apply(const Event& event, Emit&& emit) {
        for (auto&& each : std::invoke(function, event)) emit(each);
    }
};

/// Replaces each event by the elements of the range `f(event)`, which may be empty. A
/// `std::array` or a view costs no allocation. An element may refer to memory that the next one, or
/// the next call, uses again: as in `map`.
template <class Function>
[[nodiscard]] flat_map_operator<Function> flat_map(Function f) {
    return flat_map_operator<Function>{std::move(f)};
}

template <class Left>
auto operator|(const Left&, flat_map_operator<detail::uncalled<Left>> (*)(detail::uncalled<Left>)) {
    return detail::require_stage_behind<flat_map_operator<detail::uncalled<Left>>(
        detail::uncalled<Left>)>();
}

}  // namespace millrace
