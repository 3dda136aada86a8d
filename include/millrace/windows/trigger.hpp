#pragma once

#include <concepts>
#include <cstdint>

#include <millrace/core/archive.hpp>
#include <millrace/core/detail/require_option.hpp>
#include <millrace/core/node.hpp>
#include <millrace/core/timestamp.hpp>

namespace millrace {

/// The Trigger policy: when a window gives a record besides that at its end, see `early` and
/// `late`. It is told of each event that the window took in and has not spoken of. The least that
/// one needs:
///
///     struct after_large {                    // at once behind a large trade
///         double least;
///         struct state {
///             template <class Archive> void archive(Archive&) {}
///         };
///         bool on_event(state&, const trade& t, millrace::event_stamp) const {
///             return t.size >= least;
///         }
///     };
///     static_assert(millrace::trigger_policy<after_large, trade>);
///
/// | member                                   | needed  | meaning                               |
/// |------------------------------------------|---------|---------------------------------------|
/// | `state`                                  | yes     | a type, of a key and window: made     |
/// |                                          |         | without arguments, copyable, `archive`|
/// | `on_event(state&, const Event&, stamp)`  | yes     | const, a bool: whether the window is  |
/// |                                          |         | to give a record; the event is in it  |
/// | `fired(state&) const`                    | no      | it gave one, for whatever reason; else|
/// |                                          |         | the state begins anew                 |
/// | `merge(state&, const state&) const`      | session | two sessions become one               |
/// | `describe(to) const`                     | no      | its settings, as of a stage           |
///
/// A correction by what comes from an updating stream counts as an event; a removal tells nothing.
template <class T, class Event>
concept trigger_policy = std::copyable<T> && std::default_initializable<typename T::state> &&
    std::copyable<typename T::state> && archivable<typename T::state> &&
    requires(const T& policy, typename T::state& of, const Event& event, event_stamp at) {
    { policy.on_event(of, event, at) } -> std::convertible_to<bool>;
};

/// A trigger that fires every so many events of a key and window.
class events {
public:
    /// @throws std::invalid_argument for 0
    constexpr explicit events(std::uint32_t count)
        : count_{detail::require_positive("count", count, "events")} {}

    struct state {
        std::uint32_t count = 0;

        template <class Archive>
        void archive(Archive& ar) {
            ar(count);
        }
    };
    template <class Event>
    [[nodiscard]] constexpr bool on_event(state& of, const Event&, event_stamp) const noexcept {
        return ++of.count >= count_;
    }
    constexpr void merge(state& into, const state& other) const noexcept {
        into.count += other.count;
    }

    template <class To>
    void describe(To& to) const {
        to.setting("events", count_);
    }

private:
    std::uint32_t count_;
};

/// A trigger that fires once so much time has passed by the wall's clock since the first event of a
/// key and window that no record holds yet. The clock is that of `running_pipeline::tick`, which an
/// endpoint calls some times a second: an event counts as of the reading before it.
class every {
public:
    /// @throws std::invalid_argument for an interval that is not positive
    constexpr explicit every(duration interval)
        : interval_{detail::require_positive("interval", interval, "every")} {}

    [[nodiscard]] constexpr duration interval() const noexcept { return interval_; }

    struct state {
        template <class Archive>
        void archive(Archive&) noexcept {}
    };
    template <class Event>
    [[nodiscard]] constexpr bool on_event(state&, const Event&, event_stamp) const noexcept {
        return false;
    }
    constexpr void merge(state&, const state&) const noexcept {}

    template <class To>
    void describe(To& to) const {
        to.setting("every", interval_);
    }

private:
    duration interval_;
};

}  // namespace millrace
