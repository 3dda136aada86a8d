#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include <millrace/core/detail/text_arena.hpp>
#include <millrace/core/node.hpp>
#include <millrace/core/owned_views.hpp>
#include <millrace/core/record.hpp>
#include <millrace/core/timestamp.hpp>

namespace millrace::detail {

/// What a loop does with an event: `push` it and so on; of an update what was before comes first.
enum class section_step : std::uint8_t { push, before, update, remove, preview };

/// What a loop is told behind the events and watermarks of a batch.
enum class section_turn : std::uint8_t { none, idle, active, wall_time, finish };

/// A part of a stream on its way to one of the loops that share it: the events of its keys, and all
/// watermarks. What came has a place, from 0 on, in what came to all loops together.
template <class Event>
class section_batch {
public:
    struct step {
        event_stamp at;
        std::uint32_t place;
        section_step kind;
        bool is_rise = false;  ///< the watermark of its stamp comes behind it, in the next place
        Event event;

        step(std::uint32_t where, section_step what, const Event& one, event_stamp stamp)
            : at{stamp}, place{where}, kind{what}, event{one} {}
    };
    struct rise {
        std::uint32_t place;
        trigger why;
        timestamp to;
    };

    std::uint64_t first_cause = 0;  ///< how much had come before, to all loops
    section_turn then = section_turn::none;
    std::uint32_t then_place = 0;
    timestamp wall_time{};

    /// Copies an event and what its views refer to.
    void add(std::uint32_t place, section_step kind, const Event& one, event_stamp at) {
        step& added = steps_.emplace_back(place, kind, one, at);
        if constexpr (has_views<Event>()) {
            try {
                const auto keep = [this](std::string_view text) { return texts_.keep(text); };
                own_views(added.event, keep);
            } catch (...) {
                steps_.pop_back();
                throw;
            }
        }
    }
    /// Which of several closes a window shows in its record, so all are kept.
    void add(std::uint32_t place, timestamp watermark, trigger why) {
        const bool has_new_step = !steps_.empty() && steps_.back().place + 1 == place;
        if (has_new_step && steps_.back().at.watermark == watermark && why == trigger::watermark) {
            steps_.back().is_rise = true;
        } else {
            rises_.push_back({place, why, watermark});
        }
    }

    /// Calls `on_step(step, before)` and `on_rise(rise)` for each, in the order of their places;
    /// `before` is what an update is of, and null else.
    template <class OnStep, class OnRise>
    void for_each(OnStep&& on_step, OnRise&& on_rise) const {
        const Event* before = nullptr;
        auto next = rises_.begin();
        for (const step& each : steps_) {
            for (; next != rises_.end() && next->place < each.place; ++next) on_rise(*next);
            if (each.kind == section_step::before) {
                before = &each.event;
                continue;
            }
            on_step(each, before);
            if (each.is_rise) on_rise(rise{each.place + 1, trigger::watermark, each.at.watermark});
        }
        for (; next != rises_.end(); ++next) on_rise(*next);
    }

    void clear() noexcept {
        steps_.clear();
        rises_.clear();
        texts_.clear();
        then = section_turn::none;
    }

private:
    std::vector<step> steps_;
    std::vector<rise> rises_;
    text_arena texts_;
};

}  // namespace millrace::detail
