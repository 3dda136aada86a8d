#pragma once

#include <concepts>
#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

#include <millrace/core/detail/require_fields.hpp>
#include <millrace/core/detail/require_option.hpp>
#include <millrace/core/key.hpp>
#include <millrace/core/projection.hpp>
#include <millrace/core/record.hpp>
#include <millrace/core/stage.hpp>
#include <millrace/core/stream.hpp>
#include <millrace/pipeline/detail/state/top_node.hpp>
#include <millrace/pipeline/detail/state/top_window_node.hpp>
#include <millrace/windows/windowing.hpp>

namespace millrace {

/// An option of `top_n`: the newest record of each key counts, whatever its window.
struct running_top_t {};
inline constexpr running_top_t running_top{};

namespace detail {

template <class Projection, class Record>
concept gives_rank = std::invocable<const Projection&, const Record&> &&
    std::is_arithmetic_v<projected<Projection, Record>>;

}  // namespace detail

template <std::size_t Count, class Projection, bool IsRunning>
struct top_n_stage : stage {
    static constexpr std::string_view stage_name = "top_n";
    using takes_updates = void;

    Projection by;
    detail::top_limits limits{max_keys{}.value, max_windows{}.value};

    explicit top_n_stage(Projection value) : by{std::move(value)} {}

    void set(running_top_t) noexcept {}
    void set(max_keys option) {
        limits.rows = detail::require_positive("max_keys", option.value, stage_name);
    }
    void set(max_windows option) {
        limits.windows = detail::require_positive("max_windows", option.value, stage_name);
    }

    template <class To>
    void describe(To& to) const {
        to.setting("count", Count);
        to.projection("by", by);
        to.setting("running", IsRunning, false);
        to.tunable("max_keys", limits.rows);
        if constexpr (!IsRunning) to.tunable("max_windows", limits.windows);
    }

    template <class Stream>
    static consteval void require() {
        using event = typename Stream::event_type;
        static_assert(is_record<event>,
                      "top_n needs: records, from a process before it (see "
                      "millrace/pipeline/process.hpp)");
        if constexpr (is_record<event>) {
            static_assert(!std::same_as<decltype(event::key), no_key>,
                          "top_n needs: records of several keys; put key_by before their process "
                          "(see millrace/operators/key_by.hpp)");
            constexpr bool gives = detail::gives_rank<Projection, event>;
            static_assert(detail::require_fields<Projection, event, gives>());
            static_assert(gives,
                          "top_n needs: a member or function of the record that gives a number, as "
                          "at<\"sum\"> (see millrace/pipeline/top_n.hpp)");
            static_assert(IsRunning || !is_key_time<typename Stream::time_type>,
                          "top_n needs: a watermark that holds for all keys, which that of per_key "
                          "does not; take by_producer, or running_top (see "
                          "millrace/pipeline/source_time.hpp)");
        }
    }

    template <class Stream>
    [[nodiscard]] auto output(const Stream& in) const {
        if constexpr (IsRunning) {
            return in.template changing<never_final>();
        } else {
            return in;
        }
    }

    template <class Stream, class Next>
    [[nodiscard]] auto make_node(const Stream&, Next next) const {
        using event = typename Stream::event_type;
        if constexpr (IsRunning || Stream::is_updating) {
            return detail::top_node<event, Count, IsRunning, Projection, Next>{by, limits,
                                                                               std::move(next)};
        } else {
            return detail::top_window_node<event, Count, Projection, Next>{by, std::move(next)};
        }
    }
};

namespace detail {

template <class T>
concept top_option =
    std::same_as<T, running_top_t> || std::same_as<T, max_keys> || std::same_as<T, max_windows>;

}  // namespace detail

/// Lets through the records with the highest values, of each window so many:
///
///     | key_by(&trade::symbol) | window(tumbling{1min}, drop_late)
///     | process<sum<&trade::size>>() | top_n<10>(at<"sum">) | publish("busiest")
///
/// The value is a number of the record, as `at<"sum">`, or what a function gives of it; by its
/// negative the lowest go on. Of equal values the one counts that came first; NaN is below all.
///
/// Where nothing is corrected, a window's records go on once it is over for all keys, the highest
/// first. Where they are, by a `lateness` or an `early` trigger, each change goes on at once: what
/// falls out as a removal, before what comes up as an insert, and what stays among the highest as
/// an update. With `running_top` the newest record of each key counts, whatever its window, as of a
/// `process` without a window; changes go on likewise. Previews do not.
///
/// Without corrections a window holds `Count` records until it is over. Else all are held, since
/// one may come up again: of a window until it is over and each is final, up to `max_windows`
/// windows, of which the oldest goes as it is; in all up to `max_keys`, a million by default,
/// beyond which a record of a further key is refused. A change costs the logarithm of how many
/// there are.
/// @throws std::invalid_argument for a limit of 0
template <std::size_t Count, class Projection, class... Options>
[[nodiscard]] auto top_n(Projection by, const Options&... options) {
    static_assert(Count > 0, "top_n needs: one record or more, as in top_n<10>(at<\"sum\">)");
    static_assert((detail::top_option<Options> && ...),
                  "top_n needs: behind the value no other options than running_top, max_keys and "
                  "max_windows (see millrace/pipeline/top_n.hpp)");
    constexpr bool is_running = (false || ... || std::same_as<Options, running_top_t>);
    top_n_stage<Count, Projection, is_running> made{std::move(by)};
    (made.set(options), ...);
    return made;
}

}  // namespace millrace
