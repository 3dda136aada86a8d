#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include <millrace/core/stage.hpp>
#include <millrace/windows/window.hpp>

namespace millrace {

/// How far events may be out of order: the watermark stays this far behind the latest event time
/// seen, and results wait for as long.
struct disorder {
    duration value;
};

/// Allowed lateness: for this much event time after its window closed, a late event corrects the
/// published record; the corrected record follows at once.
struct lateness {
    duration value;
};

/// Wall time without input after which the open windows close (trigger `idle`). Without this
/// option it is the window's own size.
struct idle_timeout {
    duration value;
};

/// How many keys may hold state at a time. An event of a further key is refused and counted.
struct max_keys {
    std::size_t value;
};

/// Event time advances for each key by that key's events alone, so that one source with a wrong
/// clock cannot close the windows of others. A key is remembered after its windows are gone.
struct per_key_t {};
inline constexpr per_key_t per_key{};

/// Events later than the allowed lateness are counted and dropped.
struct drop_late_t {};
inline constexpr drop_late_t drop_late{};

struct late_to_topic {
    std::string topic;
};

template <class Function>
struct late_to_function {
    Function function;
};

/// Events later than the allowed lateness are counted and published on a topic of their own.
[[nodiscard]] inline late_to_topic late_to(std::string topic) { return {std::move(topic)}; }
[[nodiscard]] inline late_to_topic late_to(const char* topic) { return {topic}; }

/// Events later than the allowed lateness are counted and given to `f(const Event&)`.
template <class Function>
[[nodiscard]] late_to_function<Function> late_to(Function f) {
    return {std::move(f)};
}

/// No window: each event gives a result.
struct unwindowed {
    static constexpr bool is_windowed = false;
    std::size_t key_limit = 1'000'000;
};

/// A window and everything that it needs to know about time.
template <window_assigner Window, class Late, bool PerKey>
struct windowing : stage {
    static constexpr bool is_windowed = true;
    static constexpr bool is_per_key = PerKey;
    using window_type = Window;
    using late_policy = Late;

    Window window;
    Late late;
    duration out_of_order{};
    duration allowed_lateness{};
    duration idle_after{};
    std::size_t key_limit = 1'000'000;

    windowing(Window assigner, Late policy)
        : window{std::move(assigner)}, late{std::move(policy)}, idle_after{window.size()} {}

    void set(disorder option) { out_of_order = checked(option.value, duration{0}); }
    void set(lateness option) { allowed_lateness = checked(option.value, duration{0}); }
    void set(idle_timeout option) { idle_after = checked(option.value, duration{1}); }
    void set(max_keys option) { key_limit = option.value; }
    void set(per_key_t) {}
    void set(const Late&) {}

private:
    static duration checked(duration value, duration least) {
        if (value < least) throw std::invalid_argument{"window: a duration is too small"};
        return value;
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

inline struct no_late_policy {
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
/// Options in any order: `disorder`, `lateness`, `idle_timeout`, `max_keys`, `per_key`, and where
/// events go that come later than the allowed lateness, which has no default: `drop_late`,
/// `late_to("topic")` or `late_to(function)`.
/// @throws std::invalid_argument for a negative duration, or an idle timeout of zero.
template <window_assigner Window, class... Options>
[[nodiscard]] auto window(Window assigner, Options... options) {
    constexpr int policies = (0 + ... + (detail::is_late_policy<Options> ? 1 : 0));
    static_assert(policies == 1,
                  "window needs: where events later than the allowed lateness go; add one of "
                  "drop_late, late_to(\"topic\"), late_to(function) "
                  "(see millrace/windows/windowing.hpp)");
    constexpr bool keyed_time = (std::is_same_v<Options, per_key_t> || ...);
    auto& late = detail::late_policy_of(options..., detail::no_late);
    windowing<Window, std::remove_cvref_t<decltype(late)>, keyed_time> made{std::move(assigner),
                                                                            late};
    (made.set(options), ...);
    return made;
}

}  // namespace millrace
