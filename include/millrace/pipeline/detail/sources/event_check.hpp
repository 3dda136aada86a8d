#pragma once

#include <cstddef>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>

#include <millrace/codec/codec.hpp>
#include <millrace/core/detail/first_exception.hpp>
#include <millrace/core/error.hpp>
#include <millrace/core/event_time.hpp>
#include <millrace/operators/key_by.hpp>
#include <millrace/pipeline/detail/sources/present.hpp>

namespace millrace::detail {

template <class Stage>
inline constexpr bool is_key_by = false;
template <class Projection>
inline constexpr bool is_key_by<key_by_stage<Projection>> = true;

/// The key of a `key_by` behind one of `errors_to`, which is told of the event at which it throws.
template <class Key>
struct contained_key {
    Key key;

    template <class Event>
    [[nodiscard]] bool takes(const Event& event) const noexcept {
        try {
            return key.takes(event);
        } catch (...) {
            return true;
        }
    }
};

/// The `key_by` stages that every event reaches as it came; of those that stand `behind` the
/// stages, where all pass it on so.
template <std::size_t At = 0, class... Stages, class... Behind>
[[nodiscard]] auto leading_keys([[maybe_unused]] const std::tuple<Stages...>& stages,
                                const std::tuple<Behind...>& behind = {}) {
    if constexpr (At < sizeof...(Stages)) {
        using stage = std::tuple_element_t<At, std::tuple<Stages...>>;
        if constexpr (is_key_by<stage>) {
            return std::tuple_cat(std::tuple<stage>{std::get<At>(stages)},
                                  leading_keys<At + 1>(stages, behind));
        } else if constexpr (requires { typename stage::contains_errors; }) {
            const auto contain = [](const auto&... keys) {
                return std::make_tuple(contained_key<std::remove_cvref_t<decltype(keys)>>{keys}...);
            };
            return std::apply(contain, leading_keys<At + 1>(stages, behind));
        } else if constexpr (requires { typename stage::passes_all; }) {
            return leading_keys<At + 1>(stages, behind);
        } else {
            return std::tuple<>{};
        }
    } else {
        return behind;
    }
}

/// The key by which a source tells time, as one of them.
template <class Timing>
[[nodiscard]] auto source_keys([[maybe_unused]] const Timing& timing,
                               [[maybe_unused]] const source_time& settings) {
    if constexpr (is_key_time<Timing>) {
        return std::tuple{key_by_stage<decltype(Timing::projection)>{
            "", timing.projection, max_key_bytes{settings.max_key_size}}};
    } else {
        return std::tuple<>{};
    }
}

/// Says of a decoded event whether it may be pushed: its keys are short enough, and it is not
/// dated too far ahead.
template <class Keys, class Clock>
class event_check {
public:
    event_check(Keys keys, present<Clock> now) : keys_{std::move(keys)}, now_{std::move(now)} {}

    void begin_batch() noexcept { now_.begin_batch(); }

    template <class Event>
    [[nodiscard]] errc operator()(const Event& event) {
        return (*this)(event, now_);
    }
    /// Likewise, by a `now` that others use as well.
    template <class Event, class Present>
    [[nodiscard]] errc operator()(const Event& event, Present& now) const {
        const auto takes = [&](const auto&... each) { return (each.takes(event) && ...); };
        if (!std::apply(takes, keys_)) return errc::key_too_long;
        if constexpr (timed<Event>) {
            if (!now.admits(time_of(event))) return errc::too_far_ahead;
        }
        return {};
    }

private:
    Keys keys_;
    present<Clock> now_;
};

/// Decodes a message, and calls `take(event)` for each event that `check(event)` finds good; for
/// each other `on_error(const input_error&)`, also where `take` returns an `errc`. `reject()` is
/// called for those that `take` did not see. Where `check` throws, that event is rejected, and the
/// first exception goes on behind the message.
template <class Decoder, class Check, class Take, class Reject, class OnError>
void decode_checked(Decoder& decoder, Check&& check, std::span<char> message, Take&& take,
                    Reject&& reject, OnError&& on_error) {
    bool is_counted = false;
    first_exception failure;
    decoder.decode(
        message,
        [&](const auto& one) {
            errc found{};
            try {
                found = check(one);
            } catch (...) {
                failure.keep_current();
                reject();
                return errc{};
            }
            if (found != errc{}) return found;
            found = take(one);
            is_counted = found != errc{};
            return found;
        },
        [&](const input_error& error) {
            if (!std::exchange(is_counted, false)) reject();
            on_error(error);
        });
    failure.rethrow();
}

}  // namespace millrace::detail
