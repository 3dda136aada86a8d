#pragma once

#include <concepts>
#include <string_view>
#include <tuple>
#include <utility>

#include <millrace/core/detail/require_option.hpp>
#include <millrace/core/stream.hpp>
#include <millrace/joins/join.hpp>
#include <millrace/pipeline/detail/joins/interval_join_node.hpp>
#include <millrace/pipeline/detail/joins/join_arguments.hpp>
#include <millrace/pipeline/detail/joins/join_inputs.hpp>
#include <millrace/pipeline/detail/joins/join_rules.hpp>
#include <millrace/pipeline/detail/joins/join_settings.hpp>
#include <millrace/pipeline/pipeline.hpp>

namespace millrace {

/// Two pipelines whose events meet where their times are near.
template <class Left, class Right, join_kind Kind, class Late, class Function>
struct interval_join_stage : detail::join_of<Left, Right, Kind, Function> {
    static constexpr std::string_view stage_name = "interval_join";
    using opens_topics = void;

    between span;
    detail::join_settings settings;
    Late late;

    template <class Next, class Context>
    [[nodiscard]] auto make_node(Next next, Context& context) const {
        const auto left = this->left();
        const auto right = this->right();
        auto on_late = detail::open_late_sides(left, right, late, context);
        return detail::interval_join_node<typename Left::output_stream,
                                          typename Right::output_stream, Kind, Function,
                                          decltype(on_late), Next>{
            left, right, span, settings, this->function, std::move(on_late), std::move(next)};
    }

    template <class To>
    void describe(To& to) const {
        to.setting("kind", Kind::name);
        to.setting("from", span.from);
        to.setting("to", span.to);
        settings.describe(to);
        late.describe(to);
    }
};

/// Joins the events of two pipelines that have one key and whose times are near:
///
///     auto orders = from<order>("orders", disorder{1s}) | key_by(&order::id);
///     auto payments = from<payment>("payments", disorder{1s}) | key_by(&payment::order_id);
///     auto paid = interval_join(std::move(orders), std::move(payments), between{0s, 15min},
///                               drop_late, [](const order& o, const payment& p) { ... });
///
/// A pair is joined where the right event's time, less that of the left one, is within `between`,
/// both ends included. The function, which comes last, gives what goes on, at the later of the two
/// times; it has no key, `key_by` behind gives it one. Each event joins all that fit, also several.
/// With `left_join`, `right_join` or `full_join` an event without any partner goes on, too, once
/// the watermark says that none can come; its function takes pointers then, see
/// millrace/joins/join.hpp.
///
/// Time is that of the side which is least far, as in `union_of`; what follows is told of it less
/// the time that events without a partner have to wait. Events earlier than it, by more than the
/// `lateness`, are late, even if partners are there: what is joined depends on the events alone,
/// not on what is held still. Options, before the function and in any order:
///
/// | option                       |                                                             |
/// |------------------------------|-------------------------------------------------------------|
/// | `drop_late`, `late_to("late_left", "late_right")`, `late_to(function)` | where late events |
/// |                              | go, which has no default                                    |
/// | `left_join`, ...             | what goes on without a partner; by default nothing          |
/// | `lateness{d}`                | how much later events are joined; they are held as long     |
/// | `max_held{events, bytes}`    | what may be held of each side; further events are refused   |
/// | `max_keys{n}`                | of how many keys; events of further ones are refused        |
/// | `max_lag{d}`                 | how far behind one side holds the other up: source_time.hpp |
///
/// An event takes a look-up, a step for each pair, and one when it goes. It is held until no
/// partner can come: `between` and `lateness` say how long. What the function throws at a pair
/// costs this pair alone and goes to who pushed the event; at one without a partner, to who moved
/// the time on.
/// @throws std::invalid_argument where `between` is empty, for a negative lateness or lag, and for
/// limits of 0
template <class Left, class Right, class... Arguments>
[[nodiscard]] auto interval_join(Left left, Right right, between span, Arguments... arguments) {
    constexpr std::string_view stage = "interval_join";
    detail::require_option(span.from <= span.to, "between must begin before it ends", stage);
    detail::require_option(span.from >= -detail::longest_time && span.to <= detail::longest_time,
                           "between must be within a hundred years", stage);
    return detail::make_join<detail::two_sided_join_rules>(
        {stage}, std::move(left), std::move(right),
        [span]<class Kind, class L, class R, class Function>(
            Kind, L l, R r, detail::join_settings settings, Function function, auto& options) {
            auto late = detail::late_policy_in<detail::two_sided_join_rules>(options);
            return interval_join_stage<L, R, Kind, decltype(late), Function>{
                {{std::move(l), std::move(r)}, std::move(function)},
                span,
                settings,
                std::move(late)};
        },
        std::move(arguments)...);
}

}  // namespace millrace
