#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>

#include <millrace/core/detail/require_option.hpp>
#include <millrace/core/key.hpp>
#include <millrace/core/node.hpp>
#include <millrace/core/stage.hpp>
#include <millrace/core/stream.hpp>
#include <millrace/pipeline/detail/state/gate_node.hpp>
#include <millrace/pipeline/detail/state/gate_options.hpp>
#include <millrace/pipeline/key_limits.hpp>

namespace millrace {

namespace detail {

/// A bucket of tokens by the time at which it would be full again (GCRA, ITU-T I.371).
struct rate_rule {
    struct state {
        timestamp full_at = timestamp::min();

        template <class Archive>
        void archive(Archive& ar) {
            ar(full_at);
        }
    };

    duration apart;  ///< of a token
    duration burst;  ///< of all tokens but one

    [[nodiscard]] bool is_over(const state& of, timestamp watermark) const noexcept {
        return of.full_at <= watermark;
    }
    template <class Event>
    [[nodiscard]] bool admits(const state& of, const Event&, event_stamp at) const noexcept {
        return of.full_at <= saturated_add(at.time, burst);
    }
    template <class Event>
    void passed(state& of, const Event&, event_stamp at) const noexcept {
        of.full_at = saturated_add(std::max(of.full_at, at.time), apart);
    }
};

}  // namespace detail

struct rate_limit_stage : stage {
    static constexpr std::string_view stage_name = "rate_limit";
    using is_by_key = void;

    std::uint32_t events;
    duration per;
    key_limits limits;

    rate_limit_stage(std::uint32_t most, duration of, const key_limits& keys)
        : events{most}, per{of}, limits{keys} {}

    template <class To>
    void describe(To& to) const {
        to.setting("events", events);
        to.setting("per", per);
        limits.describe(to);
    }

    template <class Stream>
    static consteval void require() {
        static_assert(!std::same_as<typename Stream::time_type, no_time>,
                      "rate_limit needs: event times, by an event_time field in the schema of the "
                      "source's event or processing_time in its from (see "
                      "millrace/core/schema.hpp)");
    }

    template <class Stream>
    [[nodiscard]] Stream output(const Stream& in) const {
        return in;
    }

    template <class Stream, class Next>
    [[nodiscard]] auto make_node(const Stream& in, Next next) const {
        using key_by = typename Stream::key_by_type;
        const duration apart = per / events;
        return detail::gate_node<key_by, typename Stream::event_type, detail::rate_rule, Next>{
            in.key, detail::rate_rule{apart, apart * (events - 1)}, limits, std::move(next)};
    }
};

/// Lets through so many events of each key in so much event time, and drops the others: for those
/// who watch, or pay by the message.
///
///     | key_by(&trade::symbol) | rate_limit(5, 1s) | publish("trades")
///
/// A key may have `events` at once, and gets room for one more each `per / events`: a bucket of
/// tokens. By the wall's clock where the source has `processing_time`. Options: `max_keys`, a
/// million by default, and `evict_least_recent` (the default), where a key that comes back begins
/// anew, or `refuse_new_keys`.
/// @throws std::invalid_argument for 0 events, a time that is not positive or shorter than as many
/// nanoseconds, or a limit of 0
template <detail::key_option... Options>
[[nodiscard]] rate_limit_stage rate_limit(std::uint32_t events, duration per,
                                          const Options&... options) {
    constexpr std::string_view stage = "rate_limit";
    detail::require_positive("events", events, stage);
    detail::require_option(per >= duration{1} * events && per <= detail::longest_time,
                           "per must be from a nanosecond an event to a hundred years", stage);
    return {events, per, detail::gate_limits(stage, options...)};
}

}  // namespace millrace
