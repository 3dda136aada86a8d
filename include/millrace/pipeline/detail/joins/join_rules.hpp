#pragma once

#include <concepts>

#include <millrace/joins/join.hpp>
#include <millrace/pipeline/detail/joins/join_inputs.hpp>
#include <millrace/pipeline/detail/joins/join_settings.hpp>
#include <millrace/windows/windowing.hpp>

namespace millrace::detail {

/// The options of a join of which either side may go on alone.
struct two_sided_join_rules {
    using settings = join_settings;
    static constexpr inner_join_t default_kind{};
    template <class T>
    static constexpr bool is_kind = join_kind<T>;
    template <class T>
    static constexpr bool is_setting = setting_of<settings, T>;
    template <class T>
    static constexpr bool is_extra = false;
    template <class T>
    static constexpr bool is_late = std::same_as<T, late_to_topics> ||
                                    (is_late_policy<T> && !std::same_as<T, late_to_topic>);

    template <class Left, class Right>
    static consteval bool require_streams() {
        return require_joinable<Left, Right>();
    }
    template <class... Options>
    static consteval bool require_options() {
        constexpr bool are_options = ((is_kind<Options> || is_setting<Options> ||
                                       is_extra<Options> || is_late<Options>)&&...);
        constexpr bool is_one_late = (0 + ... + int{is_late<Options>}) == 1;
        constexpr bool is_one_kind = (0 + ... + int{is_kind<Options>}) <= 1;
        static_assert(are_options,
                      "join needs: before its function no other options than inner_join, "
                      "left_join, right_join, full_join, lateness, max_lag, max_keys, max_held and "
                      "where late events go: drop_late, late_to(\"left\", \"right\") or "
                      "late_to(function) (see millrace/joins/join.hpp)");
        static_assert(!are_options || is_one_late,
                      "join needs: where late events go; add one of drop_late, "
                      "late_to(\"left\", \"right\"), late_to(function) (see "
                      "millrace/joins/join.hpp)");
        static_assert(!are_options || is_one_kind,
                      "join needs: one of inner_join, left_join, right_join, full_join");
        return are_options && is_one_late && is_one_kind;
    }
};

}  // namespace millrace::detail
