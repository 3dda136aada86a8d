#pragma once

#include <cstdint>
#include <optional>

#include <millrace/core/node.hpp>
#include <millrace/pipeline/stage_stats.hpp>

namespace millrace::detail {

/// Stands in front of each stage's node, where the stages are told apart. Where it `IsCounted`,
/// because what came out of the stage in front follows from nothing else, it counts.
template <bool IsCounted, class Next>
struct counting_node : forwarding_node<Next> {
    stage_mark mark;
    std::uint64_t came = 0;

    template <class Event>
    [[gnu::always_inline]] void push(const Event& event, event_stamp at) {
        if constexpr (IsCounted) ++came;
        this->next.push(event, at);
    }
    template <class Event>
    void update(const Event& before, const Event& after, event_stamp at) {
        if constexpr (IsCounted) ++came;
        this->next.update(before, after, at);
    }
    template <class Event>
    void remove(const Event& gone, event_stamp at) {
        if constexpr (IsCounted) ++came;
        this->next.remove(gone, at);
    }
    template <class Stats>
    void collect(Stats& stats) const {
        if constexpr (requires { stats.enter(mark, came); })
            stats.enter(mark, IsCounted ? std::optional{came} : std::nullopt);
        this->next.collect(stats);
    }
    template <class Archive>
    void archive(Archive& ar) {
        if constexpr (IsCounted) ar(came);
        ar(this->next);
    }
};

}  // namespace millrace::detail
