#pragma once

#include <concepts>
#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <millrace/joins/join.hpp>
#include <millrace/joins/lookup.hpp>
#include <millrace/pipeline/detail/joins/join_inputs.hpp>
#include <millrace/pipeline/detail/joins/join_settings.hpp>
#include <millrace/pipeline/pipeline.hpp>

namespace millrace::detail {

/// Which of these types is of a sort; how many there are where none is.
template <class IsOne, class... Types>
consteval std::size_t index_of_option([[maybe_unused]] IsOne is_one) {
    std::size_t at = 0, found = sizeof...(Types);
    ((is_one.template operator()<Types>() && found == sizeof...(Types) ? found = at++ : at++), ...);
    return found;
}

/// That option; `otherwise` where there is none.
template <std::size_t At, class Otherwise, class... Options>
[[nodiscard]] auto option_or(Otherwise otherwise, std::tuple<Options...>& all) {
    if constexpr (At < sizeof...(Options)) {
        return std::get<At>(all);
    } else {
        return otherwise;
    }
}

template <class T>
inline constexpr bool is_deleted_when = false;
template <class Function>
inline constexpr bool is_deleted_when<deleted_when<Function>> = true;

struct never_deleted {
    template <class Event>
    constexpr bool operator()(const Event&) const noexcept {
        return false;
    }
};

/// The function of a right event that says whether it stands for none.
template <class... Options>
[[nodiscard]] auto deletion_in(std::tuple<Options...>& all) {
    constexpr auto is_one = []<class T>() { return is_deleted_when<T>; };
    constexpr std::size_t at = index_of_option<decltype(is_one), Options...>(is_one);
    return option_or<at>(deleted_when<never_deleted>{}, all).function;
}

/// Where late events go, by the options.
template <class Rules, class... Options>
[[nodiscard]] auto late_policy_in(std::tuple<Options...>& all) {
    constexpr auto is_one = []<class T>() { return Rules::template is_late<T>; };
    constexpr std::size_t at = index_of_option<decltype(is_one), Options...>(is_one);
    return option_or<at>(drop_late, all);
}

template <class Rules, class Left, class Right, class Make, class Function, class... Options>
[[nodiscard]] auto make_join_of(typename Rules::settings settings, Left left, Right right,
                                Make& make, Function function, std::tuple<Options...> options) {
    constexpr auto is_kind = []<class T>() { return Rules::template is_kind<T>; };
    constexpr std::size_t kind = index_of_option<decltype(is_kind), Options...>(is_kind);
    if constexpr (Rules::template require_options<Options...>()) {
        using left_stream = typename Left::output_stream;
        using right_stream = typename Right::output_stream;
        auto chosen = option_or<kind>(Rules::default_kind, options);
        using kind_type = std::remove_const_t<decltype(chosen)>;
        if constexpr (Rules::template require_streams<left_stream, right_stream>()) {
            constexpr bool fits =
                join_function<Function, kind_type, typename left_stream::event_type,
                              typename right_stream::event_type>;
            static_assert(fits,
                          "join needs: as its last argument a function of both events that gives "
                          "one, const; an event that may be missing comes as a pointer: the right "
                          "one of a left_join, the left one of a right_join, both of a full_join "
                          "(see millrace/joins/join.hpp)");
            if constexpr (fits) {
                [[maybe_unused]] const auto set = [&]<class Option>(const Option& option) {
                    if constexpr (Rules::template is_setting<Option>) settings.set(option);
                };
                std::apply([&](const auto&... each) { (set(each), ...); }, options);
                settings.check();
                auto made = make(chosen, std::move(left), std::move(right), std::move(settings),
                                 std::move(function), options);
                return pipeline<decltype(made)>{std::move(made), {}};
            }
        }
    }
}

/// Sorts out what a join was given: behind the pipelines its options, and last a function.
/// `make(kind, left, right, settings, function, options)` gives the stage.
/// @tparam Rules which options it takes
template <class Rules, class Left, class Right, class Make, class... Arguments>
[[nodiscard]] auto make_join(typename Rules::settings settings, Left left, Right right, Make make,
                             Arguments... arguments) {
    using left_pipeline = decltype(as_pipeline(std::move(left)));
    using right_pipeline = decltype(as_pipeline(std::move(right)));
    constexpr bool are_pipelines = is_pipeline<left_pipeline> && is_pipeline<right_pipeline>;
    static_assert(are_pipelines,
                  "join needs: first two pipelines, each of which begins with from; the branches "
                  "of a tee do not meet again (see millrace/joins/join.hpp)");
    static_assert(sizeof...(Arguments) > 0,
                  "join needs: as its last argument a function of a pair of events (see "
                  "millrace/joins/join.hpp)");
    if constexpr (are_pipelines && sizeof...(Arguments) > 0) {
        auto all = std::tuple{std::move(arguments)...};
        return [&]<std::size_t... At>(std::index_sequence<At...>) {
            return make_join_of<Rules>(std::move(settings), as_pipeline(std::move(left)),
                                       as_pipeline(std::move(right)), make,
                                       std::move(std::get<sizeof...(At)>(all)),
                                       std::tuple<std::tuple_element_t<At, decltype(all)>...>{
                                           std::move(std::get<At>(all))...});
        }
        (std::make_index_sequence<sizeof...(Arguments) - 1>{});
    }
}

}  // namespace millrace::detail
