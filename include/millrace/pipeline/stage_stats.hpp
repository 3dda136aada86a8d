#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/core/detail/compiled.hpp>
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
    std::uint64_t evicted_keys = 0;    ///< keys whose state made room for others
    std::uint64_t timers = 0;          ///< timers that are set
    std::uint64_t refused_timers = 0;  ///< timers beyond the limit of their key
    std::uint64_t released_early = 0;  ///< see `pipeline_stats`
    std::uint64_t open_windows = 0;
    std::uint64_t state_bytes = 0;
    /// How far its time has come; `timestamp::min()` before any event, or where there is no time.
    timestamp watermark = timestamp::min();
    /// Of the thread that it runs in, of several together, with what it waits for; where it is
    /// measured: see `measure_time`.
    std::optional<duration> time_spent{};
};

namespace detail {

/// A stage as its running node knows it.
struct stage_mark {
    /// Its place behind the source, which is 1; 0 for where a branch ends.
    std::size_t number = 0;
    std::size_t front = 0;   ///< the number of the stage in front of it
    std::size_t caller = 0;  ///< that of the stage whose time includes its own; 0 for none
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
    void enter(const stage_mark& mark, std::optional<std::uint64_t> came);

    /// Of nodes that there are `copies` times, for loops of their own, those of each: adds up what
    /// they count. `collect_one(i)` is to tell of the same stages each time.
    template <class CollectOne>
    void collect_copies(std::size_t copies, CollectOne&& collect_one) {
        leave();
        const std::size_t first = entries_.size();
        for (std::size_t i = 0; i != copies; ++i) {
            const std::size_t own = entries_.size();
            collect_one(i);
            leave();
            if (i != 0) add_up(first, own);
        }
    }

    /// What the stage took, with all behind it.
    void note_time(duration spent) noexcept { entries_.back().spent = spent; }

    /// Of each stage, in the order of their numbers.
    [[nodiscard]] std::vector<stage_stats> take();

private:
    struct entry {
        stage_mark mark;
        std::optional<std::uint64_t> came;
        std::optional<duration> spent{};
        stage_stats counts{};
    };

    void leave();

    /// The entries from `own` on are of the same stages as those from `first` on.
    void add_up(std::size_t first, std::size_t own);

    [[nodiscard]] entry* find(std::size_t number);

    static void settle(entry& of, entry& front);

    /// Once the stage in front is complete.
    static void follow(entry& of, const entry& front);

    std::vector<entry> entries_;
    bool is_entered_ = false;  ///< what is counted belongs to the last entry
};

}  // namespace detail

}  // namespace millrace

#ifndef MILLRACE_COMPILED
#include <millrace/pipeline/stage_stats.ipp>
#endif
