#pragma once

#include <concepts>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <millrace/core/stream.hpp>
#include <millrace/joins/asof.hpp>
#include <millrace/joins/join.hpp>
#include <millrace/pipeline/detail/joins/asof_join_node.hpp>
#include <millrace/pipeline/detail/joins/asof_settings.hpp>
#include <millrace/pipeline/detail/joins/join_arguments.hpp>
#include <millrace/pipeline/detail/joins/join_inputs.hpp>
#include <millrace/pipeline/detail/windows/late_output.hpp>
#include <millrace/pipeline/pipeline.hpp>

namespace millrace {

namespace detail {

struct asof_join_rules {
    using settings = asof_settings;
    static constexpr left_join_t default_kind{};
    template <class T>
    static constexpr bool is_kind = std::same_as<T, left_join_t> || std::same_as<T, inner_join_t>;
    template <class T>
    static constexpr bool is_setting = setting_of<settings, T>;
    template <class T>
    static constexpr bool is_extra = is_deleted_when<T>;
    template <class T>
    static constexpr bool is_late = is_late_policy<T>;

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
                      "asof_join needs: before its function no other options than within, "
                      "asof::backward, asof::forward, asof::nearest, allow_exact_matches, "
                      "deleted_when, left_join, inner_join, lateness, max_lag, max_keys, max_held "
                      "and where late events of the left side go: drop_late, late_to(\"topic\") "
                      "or late_to(function) (see millrace/pipeline/asof_join.hpp)");
        static_assert(!are_options || is_one_late,
                      "asof_join needs: where late events of the left side go; add one of "
                      "drop_late, late_to(\"topic\"), late_to(function) (see "
                      "millrace/pipeline/asof_join.hpp)");
        static_assert(!are_options || is_one_kind, "asof_join needs: left_join or inner_join");
        return are_options && is_one_late && is_one_kind;
    }
};

}  // namespace detail

/// Two pipelines, of which the first is told what holds in the second.
template <class Left, class Right, join_kind Kind, class Late, class Function, class IsDeleted>
struct asof_join_stage : detail::join_of<Left, Right, Kind, Function> {
    static constexpr std::string_view stage_name = "asof_join";
    using opens_topics = void;

    detail::asof_settings settings;
    Late late;
    IsDeleted is_deleted;

    template <class Next, class Context>
    [[nodiscard]] auto make_node(Next next, Context& context) const {
        const auto left = this->left();
        const auto right = this->right();
        auto on_late = detail::late_output(left, late, context);
        return detail::asof_join_node<typename Left::output_stream, typename Right::output_stream,
                                      Kind, Function, IsDeleted, decltype(on_late), Next>{
            left, right, settings, this->function, is_deleted, std::move(on_late), std::move(next)};
    }

    template <class To>
    void describe(To& to) const {
        to.setting("kind", Kind::name);
        settings.describe(to);
        late.describe(to);
    }
};

/// Gives each event of the left pipeline the one of the right that holds at its time, of the same
/// key: trades with the quote before them, orders with the price of the day.
///
///     auto spread = asof_join(std::move(trades), std::move(quotes), within{5s}, drop_late,
///                             [](const trade& t, const quote* q) { return cost_of(t, q); });
///
/// The function, which comes last, is given null where there is no such event, or with `inner_join`
/// is only called where there is one, with a reference. What it gives goes on at the left event's
/// time; it has no key, `key_by` behind gives it one.
///
/// A left event waits until the watermark of both sides is past its time, so that the answer is
/// that of all events in the order of their times, however they arrive; of right events of one time
/// the one holds that came last. A left event later than the watermark and the `lateness` is late.
/// A right one that late is counted, and holds for the left events that still come.
///
/// | option, before the function                   | by default                                  |
/// |-----------------------------------------------|---------------------------------------------|
/// | `drop_late`, `late_to("topic" or function)`   | none: where late left events go             |
/// | `within{d}`: no further apart than this       | without limit                               |
/// | `asof::backward`, `forward`, `nearest`        | backward; the others need and wait `within` |
/// | `allow_exact_matches{false}`: not of one time | true                                        |
/// | `left_join`, `inner_join`                     | `left_join`                                 |
/// | `deleted_when{f}`: what ends what held before | none                                        |
/// | `lateness{d}`                                 | 0                                           |
/// | `max_held`, `max_keys`, `max_lag`             | see `interval_join`                         |
///
/// Without `within` it is the temporal join of SQL: each left event with the version of its key
/// that was valid at its time, and `deleted_when` names the versions that say there is none. The
/// newest right event of each key stays then, up to `max_keys`; else what is older than `within`
/// goes.
/// @throws std::invalid_argument for `asof::forward` and `asof::nearest` without `within`, for
/// negative times, and for limits of 0
template <class Left, class Right, class... Arguments>
[[nodiscard]] auto asof_join(Left left, Right right, Arguments... arguments) {
    return detail::make_join<detail::asof_join_rules>(
        detail::asof_settings{{"asof_join"}}, std::move(left), std::move(right),
        []<class Kind, class L, class R, class Function>(
            Kind, L l, R r, detail::asof_settings settings, Function function, auto& options) {
            auto late = detail::late_policy_in<detail::asof_join_rules>(options);
            auto is_deleted = detail::deletion_in(options);
            return asof_join_stage<L, R, Kind, decltype(late), Function, decltype(is_deleted)>{
                {{std::move(l), std::move(r)}, std::move(function)},
                settings,
                std::move(late),
                std::move(is_deleted)};
        },
        std::move(arguments)...);
}

}  // namespace millrace
