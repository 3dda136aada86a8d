#pragma once

#include <millrace/pipeline/stage_stats.hpp>

namespace millrace::detail {

MILLRACE_INLINE void stage_collector::enter(const stage_mark& mark,
                                            std::optional<std::uint64_t> came) {
    leave();
    entries_.push_back({mark, came});
    is_entered_ = true;
}

MILLRACE_INLINE std::vector<stage_stats> stage_collector::take() {
    leave();
    for (entry& each : entries_) {
        if (entry* const front = find(each.mark.front)) settle(each, *front);
        entry* const caller = find(each.mark.caller);
        if (each.spent && caller != nullptr && caller->counts.time_spent)
            *caller->counts.time_spent -= *each.spent;
    }
    std::ranges::stable_sort(entries_, {}, [](const entry& each) { return each.mark.number; });
    std::vector<stage_stats> all;
    for (entry& each : entries_) {
        if (entry* const front = find(each.mark.front)) follow(each, *front);
        if (each.mark.is_one_to_one)
            each.counts.events_out = each.counts.events_in - each.counts.late - each.counts.refused;
        if (each.mark.number != 0) all.push_back(each.counts);
    }
    return all;
}

MILLRACE_INLINE void stage_collector::leave() {
    if (std::exchange(is_entered_, false)) {
        entry& last = entries_.back();
        last.counts = {.name = id_of_stage(last.mark.number, last.mark.name),
                       .events_in = last.came.value_or(0),
                       .late = late,
                       .refused = refused_keys,
                       .keys = keys,
                       .evicted_keys = evicted_keys,
                       .timers = timers,
                       .refused_timers = refused_timers,
                       .released_early = released_early,
                       .open_windows = open_windows,
                       .state_bytes = state_bytes,
                       .watermark = watermark,
                       .time_spent = last.spent};
    }
    static_cast<pipeline_stats&>(*this) = {};
}

MILLRACE_INLINE void stage_collector::add_up(std::size_t first, std::size_t own) {
    for (std::size_t i = own; i != entries_.size(); ++i) {
        entry& sum = entries_[first + i - own];
        const entry& added = entries_[i];
        if (added.came) sum.came = sum.came.value_or(0) + *added.came;
        if (added.spent) sum.spent = sum.spent.value_or(duration{}) + *added.spent;
        sum.counts.events_in += added.counts.events_in;
        sum.counts.late += added.counts.late;
        sum.counts.refused += added.counts.refused;
        sum.counts.keys += added.counts.keys;
        sum.counts.evicted_keys += added.counts.evicted_keys;
        sum.counts.timers += added.counts.timers;
        sum.counts.refused_timers += added.counts.refused_timers;
        sum.counts.released_early += added.counts.released_early;
        sum.counts.open_windows += added.counts.open_windows;
        sum.counts.state_bytes += added.counts.state_bytes;
        sum.counts.watermark = std::max(sum.counts.watermark, added.counts.watermark);
        sum.counts.time_spent = sum.spent;
    }
    entries_.resize(own);
}

MILLRACE_INLINE stage_collector::entry* stage_collector::find(std::size_t number) {
    const auto found = std::ranges::find_if(
        entries_, [&](const entry& each) { return each.mark.number == number; });
    return number == 0 || found == entries_.end() ? nullptr : &*found;
}

MILLRACE_INLINE void stage_collector::settle(entry& of, entry& front) {
    if (of.mark.is_of_window) {
        front.counts.late = std::exchange(of.counts.late, 0);
        front.counts.refused = std::exchange(of.counts.refused, 0);
    }
    if (of.came) front.counts.events_out = *of.came;
}

MILLRACE_INLINE void stage_collector::follow(entry& of, const entry& front) {
    if (!of.came) of.counts.events_in = front.counts.events_out;
    if (of.counts.watermark == timestamp::min()) of.counts.watermark = front.counts.watermark;
}

}  // namespace millrace::detail
