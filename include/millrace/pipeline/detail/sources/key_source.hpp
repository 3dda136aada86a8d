#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include <millrace/core/detail/first_exception.hpp>
#include <millrace/core/error.hpp>
#include <millrace/core/event_time.hpp>
#include <millrace/core/key.hpp>
#include <millrace/core/node.hpp>
#include <millrace/pipeline/detail/keys/limited_keys.hpp>
#include <millrace/pipeline/detail/sources/idle_watch.hpp>
#include <millrace/pipeline/detail/sources/present.hpp>
#include <millrace/pipeline/detail/sources/source.hpp>
#include <millrace/pipeline/detail/sources/watermark_state.hpp>
#include <millrace/pipeline/source_time.hpp>

namespace millrace::detail {

/// A source of which each key has a watermark of its own.
template <class Event, class Projection, class Clock, class Next>
class source_node<Event, key_time<Projection>, Clock, Next> {
public:
    source_node(const source_time& settings, key_time<Projection> by, const Clock& clock, Next next)
        : settings_{settings},
          projection_{std::move(by.projection)},
          present_{settings, clock},
          keys_{{.key_limit = settings.key_limit, .evicts = true}},
          next_{std::move(next)} {}

    void begin_batch() noexcept { present_.begin_batch(); }
    /// For those who look at events before they are pushed.
    [[nodiscard]] auto& time_limits() noexcept { return present_; }

    /// What is thrown when the event has been taken, while windows close, goes to `later`.
    [[nodiscard]] errc push(const Event& one, std::uint64_t, first_exception& later) {
        const timestamp time = time_of(one);
        if (!present_.admits(time)) return errc::too_far_ahead;
        const auto& sought = project(projection_, one);
        if (text_size(sought) > settings_.max_key_size) return errc::key_too_long;
        first_exception thrown;
        const auto evict = [&](const slot& gone) {
            later.guard([&] { next_.key_watermark(gone.key, timestamp::max(), trigger::evicted); });
        };
        const auto begin = [&](slot& added) { added.state.watermark = added.passed_on = floor_; };
        slot* const of = keys_.find_or_add(sought, evict, begin);
        of->idle.note_input();
        of->state.observe(present_.trusted(time), settings_);
        const timestamp watermark = of->state.watermark;
        thrown.guard([&] { next_.push(one, {time, watermark}); });
        if (watermark > of->passed_on) {
            of->passed_on = watermark;
            later.guard([&] { next_.key_watermark(sought, watermark, trigger::watermark); });
        }
        thrown.rethrow();
        return {};
    }

    void advance(timestamp to) {
        if (to <= floor_) return;
        floor_ = to;
        keys_.for_each(
            [&](slot& each) { each.state.watermark = std::max(each.state.watermark, to); });
        next_.watermark(to, trigger::watermark);
    }

    void leave(std::uint64_t) noexcept {}

    void look() {
        present_.look();
        const auto now = present_.clock().elapsed();
        keys_.for_each([&](slot& each) {
            if (each.idle.look(now, settings_.idle_after)) next_.key_idle(each.key);
        });
    }

    /// What it holds itself.
    template <class Stats>
    void collect_own(Stats& stats) const {
        stats.watermark = floor_;
        keys_.collect(stats);
    }

    [[nodiscard]] Next& next() noexcept { return next_; }
    [[nodiscard]] const Next& next() const noexcept { return next_; }

    template <class Archive>
    void archive(Archive& ar) {
        ar.require(ar.version(2) == 2);  // in the first the keys stood otherwise
        ar(keys_, floor_, next_);
        if constexpr (Archive::is_loading)
            keys_.for_each([](slot& each) { each.idle.note_input(); });
    }

private:
    using key_type = typename owned<projected<Projection, Event>>::type;

    struct slot {
        key_type key{};
        watermark_state state{};
        timestamp passed_on = timestamp::min();
        idle_watch idle{};
        bool is_used = false;
        bool is_recent = false;

        template <class Archive>
        void archive(Archive& ar) {
            ar(key, state, passed_on, is_recent);
        }
    };

    source_time settings_;
    Projection projection_;
    present<Clock> present_;
    limited_keys<key_type, slot> keys_;
    timestamp floor_ = timestamp::min();  // of the whole stream
    Next next_;
};

}  // namespace millrace::detail
