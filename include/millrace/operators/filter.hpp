#pragma once

#include <concepts>
#include <functional>
#include <string_view>

#include <millrace/core/detail/require_fields.hpp>
#include <millrace/operators/operator.hpp>

namespace millrace {

template <class Predicate>
struct filter_operator : stage {
    static constexpr std::string_view stage_name = "filter";
    using emits_at_most_one = void;
    using keeps_events = void;

    Predicate predicate;

    explicit filter_operator(Predicate keep) : predicate{std::move(keep)} {}

    template <class Event>
    using output = Event;

    template <class Event>
    static consteval void require() {
        constexpr bool decides = std::predicate<Predicate&, const Event&>;
        static_assert(detail::require_fields<Predicate, Event, decides>());
        static_assert(decides,
                      "filter needs: a predicate bool(const Event&) of the stream's event "
                      "(see millrace/operators/filter.hpp)");
    }

    template <class Event, class Emit>
    [[gnu::always_inline]] void apply(const Event& event, Emit&& emit) {
        if (std::invoke(predicate, event)) emit(event);
    }
};

/// Lets through the events for which `keep(event)` is true.
template <class Predicate>
[[nodiscard]] filter_operator<Predicate> filter(Predicate keep) {
    return filter_operator<Predicate>{std::move(keep)};
}

template <class Left>
auto operator|(const Left&, filter_operator<detail::uncalled<Left>> (*)(detail::uncalled<Left>)) {
    return detail::require_stage_behind<filter_operator<detail::uncalled<Left>>(
        detail::uncalled<Left>)>();
}

}  // namespace millrace
