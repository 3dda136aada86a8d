#pragma once

#include <concepts>
#include <cstddef>
#include <numeric>
#include <string_view>

#include <millrace/core/detail/require_option.hpp>
#include <millrace/core/key.hpp>
#include <millrace/core/record.hpp>
#include <millrace/core/stage.hpp>
#include <millrace/core/stream.hpp>
#include <millrace/windows/windowing.hpp>

namespace millrace {

/// Windows of `size` events of a key, one behind the other:
///
///     window(tumbling_count{100})
///
/// Events count in the order in which they come, whatever their times are: none is late, and no
/// record is ever corrected. Windows of a key are numbered from 0, and a record has its window's
/// `number` beside its bounds: from the earliest time of its events to one nanosecond behind the
/// latest. The stream needs no event times; without any, both are the epoch. Key, start and number
/// say which window it is. A pipeline that starts without its saved state numbers from 0 again.
///
/// A record comes with the event that fills its window, with `trigger::count`. To what follows it
/// happened at the latest time of its events, or at the watermark where all of these are older:
/// so a window of time behind it takes it for late as little as an event that is on time. A window
/// that is not full is not shown, and `finish` leaves it as it is: see `flush_at_finish`.
///
/// No key is ever done, so each keeps its slot, at most `max_keys`; but one that a source `per_key`
/// evicts goes, and begins anew when it comes back.
/// @throws std::invalid_argument for a size of 0
class tumbling_count {
public:
    using bounds_type = numbered_window;

    constexpr explicit tumbling_count(std::size_t size)
        : size_{detail::require_positive("size", size, "tumbling_count")} {}

    [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }

    template <class To>
    void describe(To& to) const {
        to.setting("kind", "tumbling_count");
        to.setting("size", size_);
    }

private:
    std::size_t size_;
};

/// Windows of `size` events of a key, of which one begins each `slide` events:
///
///     window(sliding_count{100, 10})       // each ten trades, the last hundred
///
/// All else is as with `tumbling_count`. The first window is full with the `size`th event of its
/// key; with a slide above the size, the events between two windows belong to none.
///
/// The analyzer needs `merge`. Events are folded once, into panes of the greatest common divisor of
/// size and slide, and windows are made of panes by two stacks: an event costs one update, and a
/// pane about three merges, of however many panes the window is; that is an average, and an event
/// that fills a window may cost two merges for each pane. Memory: a key has one state of the
/// analyzer for each pane of a window, and of the slide behind it.
/// @throws std::invalid_argument for a size or slide of 0, and where a window would have more than
/// 100,000 panes
class sliding_count {
public:
    using bounds_type = numbered_window;

    static constexpr std::size_t max_panes = 100'000;

    constexpr sliding_count(std::size_t size, std::size_t slide)
        : size_{detail::require_positive("size", size, "sliding_count")},
          slide_{detail::require_positive("slide", slide, "sliding_count")},
          pane_{std::gcd(size, slide)} {
        detail::require_option(
            size / pane_ <= max_panes,
            "a window would have more than 100,000 panes, which are as long as the greatest common "
            "divisor of size and slide; choose a longer slide, or one that divides the size",
            "sliding_count");
    }

    [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }
    [[nodiscard]] constexpr std::size_t slide() const noexcept { return slide_; }
    /// The length of a pane.
    [[nodiscard]] constexpr std::size_t pane() const noexcept { return pane_; }

    template <class To>
    void describe(To& to) const {
        to.setting("kind", "sliding_count");
        to.setting("size", size_);
        to.setting("slide", slide_);
    }

private:
    std::size_t size_;
    std::size_t slide_;
    std::size_t pane_;
};

/// Of windows by count: `finish` gives those that are not full as well, with `trigger::stop`; so
/// does a key that a source `per_key` evicts, with `trigger::evicted`. Behind `finish` the next
/// window of a key begins with its next event.
struct flush_at_finish_t {};
inline constexpr flush_at_finish_t flush_at_finish{};

template <class W>
concept window_by_count = std::same_as<W, tumbling_count> || std::same_as<W, sliding_count>;

/// Windows by count, and how they are kept.
template <window_by_count Window>
struct count_windowing : stage {
    static constexpr std::string_view stage_name = "window";
    using is_one_to_one = void;
    using is_by_key = void;

    using takes_updates = void;  // refused with a sentence of its own
    using window_type = Window;
    using late_policy = drop_late_t;
    using changes_type = append_only;

    static constexpr late_policy late{};  // nothing is

    Window window;
    std::size_t key_limit = max_keys{}.value;
    bool flushes_at_finish = false;

    explicit count_windowing(Window of) : window{of} {}

    void set(max_keys option) {
        key_limit = detail::require_positive("max_keys", option.value, stage_name);
    }
    void set(flush_at_finish_t) noexcept { flushes_at_finish = true; }

    template <class To>
    void describe(To& to) const {
        window.describe(to);
        to.setting("flush_at_finish", flushes_at_finish, false);
        to.tunable("max_keys", key_limit);
    }

    template <class Stream>
    static consteval void require() {
        static_assert(!Stream::is_updating,
                      "window by count needs: events that are not corrected; put final_only() "
                      "before it (see millrace/operators/final_only.hpp)");
    }

    template <class Stream>
    [[nodiscard]] auto output(const Stream& in) const {
        return windowed_stream<Stream, count_windowing>{in, *this};
    }

    template <class Stream, class Next>
    [[nodiscard]] Next make_node(const Stream&, Next next) const {
        return next;
    }
};

/// Cuts the stream into windows of so many events:
///
///     window(tumbling_count{100}, flush_at_finish)
///
/// Options in any order: `max_keys`, `flush_at_finish`. Behind it stands the `process` that it is
/// for.
/// @throws std::invalid_argument for a limit of 0
template <window_by_count Window, class... Options>
[[nodiscard]] count_windowing<Window> window(Window of, Options... options) {
    constexpr bool is_all_known =
        (true && ... &&
         (std::same_as<Options, max_keys> || std::same_as<Options, flush_at_finish_t>));
    static_assert(is_all_known,
                  "window by count needs: its own options, which are max_keys and flush_at_finish; "
                  "no event is late for it, so that a late policy, lateness and max_windows mean "
                  "nothing (see millrace/windows/by_count.hpp)");
    count_windowing<Window> made{of};
    if constexpr (is_all_known) (made.set(options), ...);
    return made;
}

}  // namespace millrace
