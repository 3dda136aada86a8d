#pragma once

#include <string_view>
#include <tuple>
#include <utility>

#include <millrace/core/stream.hpp>
#include <millrace/core/type_name.hpp>
#include <millrace/joins/join.hpp>
#include <millrace/pipeline/detail/joins/join_arguments.hpp>
#include <millrace/pipeline/detail/joins/join_inputs.hpp>
#include <millrace/pipeline/detail/joins/join_rules.hpp>
#include <millrace/pipeline/detail/joins/join_settings.hpp>
#include <millrace/pipeline/detail/joins/window_join_node.hpp>
#include <millrace/pipeline/pipeline.hpp>
#include <millrace/windows/window.hpp>

namespace millrace {

/// Two pipelines whose events meet in windows.
template <class Left, class Right, class Window, join_kind Kind, class Late, class Function>
struct window_join_stage : detail::join_of<Left, Right, Kind, Function> {
    static constexpr std::string_view stage_name = "window_join";
    using opens_topics = void;

    Window window;
    detail::join_settings settings;
    Late late;

    template <class Next, class Context>
    [[nodiscard]] auto make_node(Next next, Context& context) const {
        const auto left = this->left();
        const auto right = this->right();
        auto on_late = detail::open_late_sides(left, right, late, context);
        return detail::window_join_node<typename Left::output_stream, typename Right::output_stream,
                                        Window, Kind, Function, decltype(on_late), Next>{
            left, right, window, settings, this->function, std::move(on_late), std::move(next)};
    }

    template <class To>
    void describe(To& to) const {
        to.setting("join", Kind::name);
        if constexpr (requires { window.describe(to); }) {
            window.describe(to);
        } else {
            to.setting("kind", detail::type_name<Window>());
        }
        settings.describe(to);
        late.describe(to);
    }
};

/// Joins the events of two pipelines that have one key and lie in one window:
///
///     auto matched = window_join(std::move(readings), std::move(targets), tumbling{1min},
///     drop_late,
///                                [](const reading& r, const target& t) { ... });
///
/// Once a window is over, all its pairs go on, as the function, which comes last, says, at the last
/// instant of the window; they have no key, `key_by` behind gives them one. With `left_join`,
/// `right_join` or `full_join` the events of a key go on, too, that find none of the other side in
/// their window; see millrace/joins/join.hpp for the function then.
///
/// The window is `tumbling`, also by the calendar, or an assigner of one's own, of which no two
/// windows end at one time. An event is late when its window is over, by more than the `lateness`;
/// with that each window closes so much later. Options, before the function, as of `interval_join`:
/// a late policy, which has no default, a kind of join, `lateness`, `max_held`, `max_keys`,
/// `max_lag`.
///
/// An event takes a look-up, and each pair a step: a window of n events a side has n times n pairs
/// of a key.
/// @throws std::invalid_argument for a negative lateness or lag, and for limits of 0
template <class Left, class Right, class Window, class... Arguments>
[[nodiscard]] auto window_join(Left left, Right right, Window window, Arguments... arguments) {
    static_assert(window_assigner<Window>,
                  "window_join needs: behind its pipelines a window whose bounds the time alone "
                  "decides: tumbling, or an assigner of your own (see "
                  "millrace/pipeline/window_join.hpp)");
    if constexpr (window_assigner<Window>) {
        return detail::make_join<detail::two_sided_join_rules>(
            {"window_join"}, std::move(left), std::move(right),
            [&window]<class Kind, class L, class R, class Function>(
                Kind, L l, R r, detail::join_settings settings, Function function, auto& options) {
                auto late = detail::late_policy_in<detail::two_sided_join_rules>(options);
                return window_join_stage<L, R, Window, Kind, decltype(late), Function>{
                    {{std::move(l), std::move(r)}, std::move(function)},
                    std::move(window),
                    settings,
                    std::move(late)};
            },
            std::move(arguments)...);
    }
}

}  // namespace millrace
