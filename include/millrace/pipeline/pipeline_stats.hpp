#pragma once

#include <cstdint>

#include <millrace/core/timestamp.hpp>

namespace millrace {

/// What went through a pipeline so far. Where it has several stream processors, `late` to
/// `open_windows` are sums.
struct pipeline_stats {
    std::uint64_t events = 0;  ///< events pushed
    std::uint64_t rejected =
        0;  ///< events refused by the codec, or for a key too long or a time too far ahead
    std::uint64_t late = 0;       ///< events later than the allowed lateness
    std::uint64_t corrected = 0;  ///< late events that corrected a published record
    /// Events refused because a limit was reached, on keys, windows or what a join or a table
    /// holds, or whose key was found too long once under way.
    std::uint64_t refused_keys = 0;
    /// Events at which something threw, see `errors_to`. What is thrown while windows close is of
    /// no event.
    std::uint64_t failed = 0;
    std::uint64_t evicted_keys = 0;    ///< keys whose state made room for others
    std::uint64_t refused_timers = 0;  ///< timers beyond the limit of their key
    /// Events and rules that went on before their time, for a limit of `in_time_order`.
    std::uint64_t released_early = 0;
    /// Keys that hold state now; of windows that share their time, those of the largest.
    std::uint64_t keys = 0;
    std::uint64_t timers = 0;        ///< timers that are set
    std::uint64_t open_windows = 0;  ///< windows that have not closed yet
    /// The furthest event time of the stream processors; where there is none, or nothing has come
    /// to it, that of the source which is least far. At first `timestamp::min()`.
    timestamp watermark = timestamp::min();
    /// What keys, windows and analyzers have allocated, but for what an analyzer or a stage of the
    /// user's allocates by itself.
    std::uint64_t state_bytes = 0;
};

}  // namespace millrace
