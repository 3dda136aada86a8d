#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/core/timestamp.hpp>
#include <millrace/pipeline/pipeline_stats.hpp>

namespace millrace {

/// What went through one stage of a pipeline so far, and what it holds now. A correction counts as
/// an event, a preview does not.
struct stage_stats {
    std::string name{};            ///< as `topology::stage::id`, such as "3_window"
    std::uint64_t events_in = 0;   ///< what came to it; to the source: also what it refused
    std::uint64_t events_out = 0;  ///< what went on; of a tee: to each branch
    std::uint64_t late = 0;        ///< of a window: events later than the allowed lateness
    std::uint64_t refused = 0;     ///< events beyond a limit; of the source: also what was no event
    std::uint64_t keys = 0;        ///< see `pipeline_stats`
    std::uint64_t open_windows = 0;
    std::uint64_t state_bytes = 0;
    /// How far its time has come; `timestamp::min()` before any event, or where there is no time.
    timestamp watermark = timestamp::min();
    /// Of the pipeline's thread, where it is measured: see `measure_time`.
    std::optional<duration> time_spent{};
};

namespace detail {

/// A stage as its running node knows it.
struct stage_mark {
    /// Its place behind the source, which is 1; 0 for where a branch ends.
    std::size_t number = 0;
    std::size_t front = 0;  ///< the number of the stage in front of it
    std::string_view name{};
    /// One event goes on for each that comes and is neither late nor refused.
    bool is_one_to_one = false;
    /// It counts what its window finds late and refuses.
    bool is_of_window = false;
};

[[nodiscard]] inline std::string id_of_stage(std::size_t number, std::string_view name) {
    return std::to_string(number) + "_" + std::string{name};
}

/// Is given to the nodes' `collect` in place of a `pipeline_stats`, and tells the stages apart:
/// what a node counts belongs to the stage that was entered last.
class stage_collector : public pipeline_stats {
public:
    /// `came` where it was counted; else it follows from the stage in front.
    void enter(const stage_mark& mark, std::optional<std::uint64_t> came) {
        leave();
        entries_.push_back({mark, came});
    }

    /// What the stage took, with all behind it.
    void note_time(duration spent) noexcept { entries_.back().spent = spent; }

    /// Of each stage, in the order of their numbers.
    [[nodiscard]] std::vector<stage_stats> take() {
        leave();
        for (entry& each : entries_) {
            if (entry* const front = find(each.mark.front)) settle(each, *front);
        }
        std::ranges::stable_sort(entries_, {}, [](const entry& each) { return each.mark.number; });
        std::vector<stage_stats> all;
        for (entry& each : entries_) {
            if (entry* const front = find(each.mark.front)) follow(each, *front);
            if (each.mark.is_one_to_one)
                each.counts.events_out =
                    each.counts.events_in - each.counts.late - each.counts.refused;
            if (each.mark.number != 0) all.push_back(each.counts);
        }
        return all;
    }

private:
    struct entry {
        stage_mark mark;
        std::optional<std::uint64_t> came;
        std::optional<duration> spent{};
        stage_stats counts{};
    };

    void leave() {
        if (!entries_.empty()) {
            entry& last = entries_.back();
            last.counts = {.name = id_of_stage(last.mark.number, last.mark.name),
                           .events_in = last.came.value_or(0),
                           .late = late,
                           .refused = refused_keys,
                           .keys = keys,
                           .open_windows = open_windows,
                           .state_bytes = state_bytes,
                           .watermark = watermark,
                           .time_spent = last.spent};
        }
        static_cast<pipeline_stats&>(*this) = {.watermark = timestamp::min()};
    }

    [[nodiscard]] entry* find(std::size_t number) {
        const auto found = std::ranges::find_if(
            entries_, [&](const entry& each) { return each.mark.number == number; });
        return number == 0 || found == entries_.end() ? nullptr : &*found;
    }

    static void settle(entry& of, entry& front) {
        if (of.mark.is_of_window) {
            front.counts.late = std::exchange(of.counts.late, 0);
            front.counts.refused = std::exchange(of.counts.refused, 0);
        }
        if (of.came) front.counts.events_out = *of.came;
        if (of.spent && front.counts.time_spent) *front.counts.time_spent -= *of.spent;
    }

    /// Once the stage in front is complete.
    static void follow(entry& of, const entry& front) {
        if (!of.came) of.counts.events_in = front.counts.events_out;
        if (of.counts.watermark == timestamp::min()) of.counts.watermark = front.counts.watermark;
    }

    std::vector<entry> entries_;
};

}  // namespace detail

}  // namespace millrace
