#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <millrace/core/detail/require_option.hpp>
#include <millrace/core/stage.hpp>
#include <millrace/core/stream.hpp>
#include <millrace/core/type_name.hpp>
#include <millrace/windows/firing.hpp>
#include <millrace/windows/global.hpp>
#include <millrace/windows/window.hpp>

namespace millrace {

/// Allowed lateness: for this much event time after its window closed, a late event corrects the
/// published record; the corrected record follows at once. What comes behind takes corrections, or
/// stands behind `final_only()`. When the time is over, the last record comes again, as final, but
/// for windows `without_final`.
struct lateness {
    duration value;
};

/// With a lateness, no record comes only to say that it is final.
struct without_final_t {};
inline constexpr without_final_t without_final{};

/// How many windows may be open, or kept for late events, at a time: ten thousand by default. For a
/// further one the oldest goes that is kept for late events, which are late from then on; else the
/// one that is furthest ahead, with `trigger::evicted`. Of sessions, and where each key has a time
/// of its own, the limit is that of a key, and an event of a further window is refused and counted.
///
/// State is limited by the product: `max_keys` times `max_windows` states of the analyzer, each
/// with its key where the time is shared. How many windows a key can reach, `max_ahead` of the
/// source, the lateness and the windows' size say. Where anyone may send any key, set both limits
/// so that this fits into memory; `pipeline_stats::state_bytes` tells what it has come to.
struct max_windows {
    std::size_t value = 10'000;
};

/// Events later than the allowed lateness are counted and dropped.
struct drop_late_t {
    template <class To>
    void describe(To& to) const {
        to.setting("late", "dropped");
    }
};
inline constexpr drop_late_t drop_late{};

struct late_to_topic {
    std::string topic;

    template <class To>
    void describe(To& to) const {
        to.setting("late_to", topic);
    }
};

template <class Function>
struct late_to_function {
    Function function;

    template <class To>
    void describe(To& to) const {
        to.setting("late", "function");
    }
};

/// Events later than the allowed lateness are counted and published on a topic of their own.
[[nodiscard]] inline late_to_topic late_to(std::string topic) { return {std::move(topic)}; }
[[nodiscard]] inline late_to_topic late_to(const char* topic) { return {topic}; }

/// Events later than the allowed lateness are counted and given to `f(const Event&)`.
template <class Function>
[[nodiscard]] late_to_function<Function> late_to(Function f) {
    return {std::move(f)};
}

/// A window, and what becomes of late events.
///
/// @tparam Changes of the records: whether late events or early records are corrected
/// @tparam Firing when it fires besides at its end
template <class Window, class Late, class Changes = append_only, class Firing = firing<>>
struct windowing : stage {
    static constexpr std::string_view stage_name = "window";
    using is_one_to_one = void;
    using is_by_key = void;

    using takes_updates = void;
    using window_type = Window;
    using late_policy = Late;
    using changes_type = Changes;
    using firing_type = Firing;

    static constexpr bool is_global = std::is_same_v<Window, global>;

    Window window;
    Late late;
    [[no_unique_address]] Firing firing;
    duration allowed_lateness{};
    std::size_t key_limit = max_keys{}.value;
    std::size_t window_limit = max_windows{}.value;

    windowing(Window assigner, Late policy, Firing triggers = {})
        : window{std::move(assigner)}, late{std::move(policy)}, firing{std::move(triggers)} {}

    void set(lateness option) {
        allowed_lateness = detail::require_not_negative("lateness", option.value, stage_name);
    }
    void set(max_keys option) {
        key_limit = detail::require_positive("max_keys", option.value, stage_name);
    }
    void set(max_windows option) {
        window_limit = detail::require_positive("max_windows", option.value, stage_name);
    }
    void set(without_final_t) noexcept {}
    void set(const Late&) {}
    template <class Trigger>
    void set(const millrace::early<Trigger>&) noexcept {}
    template <class Trigger>
    void set(const millrace::late<Trigger>&) noexcept {}

    template <class To>
    void describe(To& to) const {
        if constexpr (requires { window.describe(to); }) {
            window.describe(to);
        } else {
            to.setting("kind", detail::type_name<Window>());
        }
        if constexpr (!is_global) {
            to.setting("lateness", allowed_lateness);
            late.describe(to);
        }
        firing.describe(to);
        to.setting("without_final", std::is_same_v<Changes, never_final>, false);
        to.tunable("max_keys", key_limit);
        if constexpr (!is_global) to.tunable("max_windows", window_limit);
    }

    template <class Stream>
    static consteval void require() {
        static_assert(!std::is_same_v<typename Stream::time_type, no_time>,
                      "window needs: event times, by an event_time field in the schema of the "
                      "source's event or processing_time in its from "
                      "(see millrace/core/schema.hpp)");
        static_assert(is_global || !std::is_same_v<typename Stream::changes_type, newest_version>,
                      "window needs: events whose corrections lie in the same window, and a newer "
                      "version may be of any time; take a process without a window, or global (see "
                      "millrace/pipeline/latest.hpp)");
    }

    template <class Stream>
    [[nodiscard]] auto output(const Stream& in) const {
        return windowed_stream<Stream, windowing>{in, *this};
    }

    template <class Stream, class Next>
    [[nodiscard]] Next make_node(const Stream&, Next next) const {
        return next;
    }
};

namespace detail {

template <class T>
inline constexpr bool is_late_policy = false;
template <>
inline constexpr bool is_late_policy<drop_late_t> = true;
template <>
inline constexpr bool is_late_policy<late_to_topic> = true;
template <class F>
inline constexpr bool is_late_policy<late_to_function<F>> = true;

template <class T>
inline constexpr bool is_window_option =
    is_late_policy<T> || is_early<T> || is_late_firing<T> || std::is_same_v<T, lateness> ||
    std::is_same_v<T, without_final_t> || std::is_same_v<T, max_keys> ||
    std::is_same_v<T, max_windows>;

inline struct no_late_policy {
    template <class To>
    void describe(To&) const noexcept {}
} no_late;

template <class First, class... Rest>
constexpr auto& late_policy_of(First& first, Rest&... rest) {
    if constexpr (is_late_policy<First>) {
        return first;
    } else if constexpr (sizeof...(Rest) > 0) {
        return late_policy_of(rest...);
    } else {
        return no_late;
    }
}

}  // namespace detail

/// Cuts the stream into windows of event time:
///
///     window(tumbling{1s}, lateness{250ms}, drop_late)
///
/// Options in any order: `lateness`, `without_final`, `early` and `late` triggers, `max_keys`,
/// `max_windows`, and where events go that come later than the allowed lateness, which has no
/// default: `drop_late`, `late_to("topic")` or `late_to(function)`. Behind it stands the `process`
/// that it is for. How far events may be out of order is said where they come in, see `disorder`.
/// @throws std::invalid_argument for a negative lateness, or a limit of 0
template <class Window, class... Options>
[[nodiscard]] auto window(Window assigner, Options... options) {
    static_assert(window_kind_of<Window>,
                  "window needs: an assigner, which has window_bounds assign(timestamp) const (see "
                  "millrace/windows/window.hpp)");
    static_assert(
        (detail::is_window_option<Options> && ...),
        "window needs: lateness, without_final, early, late, max_keys, max_windows and a late "
        "policy; disorder, idle_timeout and per_key are options of from (see "
        "millrace/windows/windowing.hpp)");
    constexpr int policies = (0 + ... + (detail::is_late_policy<Options> ? 1 : 0));
    constexpr bool is_global = std::is_same_v<Window, global>;
    static_assert(policies == 1 || is_global,
                  "window needs: where events later than the allowed lateness go; add one of "
                  "drop_late, late_to(\"topic\"), late_to(function) "
                  "(see millrace/windows/windowing.hpp)");
    auto& policy = detail::late_policy_of(options..., detail::no_late);
    auto firing = detail::firing_of(options...);
    using firing_type = decltype(firing);
    constexpr bool is_corrected = (false || ... || std::is_same_v<Options, lateness>);
    constexpr bool is_never_final = (false || ... || std::is_same_v<Options, without_final_t>);
    static_assert(is_corrected || !is_never_final,
                  "window needs: without_final only with a lateness, without which each record is "
                  "final (see millrace/windows/windowing.hpp)");
    static_assert(firing_type::has_early || !is_global,
                  "global needs: an early trigger, as early{events{100}}, for it has no end (see "
                  "millrace/windows/global.hpp)");
    static_assert(!is_global || (!is_corrected && policies == 0),
                  "global needs: no lateness and no late policy, for no event is late for it (see "
                  "millrace/windows/global.hpp)");
    static_assert(!is_global || !(false || ... || std::is_same_v<Options, max_windows>),
                  "global needs: no max_windows, for a key has one window (see "
                  "millrace/windows/global.hpp)");
    static_assert(
        is_corrected || !firing_type::has_late,
        "window needs: a lateness with a late trigger, without which no late event counts "
        "(see millrace/windows/firing.hpp)");
    static_assert(detail::intervals_in<decltype(firing.late)> == 0,
                  "late needs: events{n} or a trigger of your own; every is for early (see "
                  "millrace/windows/firing.hpp)");
    static_assert(detail::intervals_in<decltype(firing.early)> <= 1,
                  "early needs: every only once (see millrace/windows/firing.hpp)");
    using changes = std::conditional_t<!is_corrected && !firing_type::has_early, append_only,
                                       std::conditional_t<is_never_final, never_final, updating>>;
    using late_policy = std::remove_cvref_t<decltype(policy)>;
    windowing<Window, late_policy, changes, firing_type> made{std::move(assigner), policy,
                                                              std::move(firing)};
    (made.set(options), ...);
    return made;
}

}  // namespace millrace
