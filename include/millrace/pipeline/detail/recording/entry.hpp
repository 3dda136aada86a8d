#pragma once

#include <chrono>
#include <cstdint>

#include <millrace/core/timestamp.hpp>

namespace millrace::detail {

/// What stands in a recording: each call that changes the pipeline, in their order. The number of
/// the source follows, 0 where it is of none, and what is said here.
enum class entry : std::uint8_t {
    batch = 1,  ///< events that came together begin: the time
    event,      ///< the producer, and the event by its schema
    batch_end,
    leave,      ///< the time, and the producer
    advance,    ///< the time, and the watermark
    look,       ///< whether the source is idle: the time
    wall_time,  ///< the stages are told it: the time; of no source
    finish,     ///< the time; of no source
    loaded,     ///< the state, as a text; of no source
};

/// What the clock said.
struct entry_time {
    timestamp wall{};
    std::chrono::nanoseconds elapsed{};

    template <class Archive>
    void archive(Archive& ar) {
        ar(wall, elapsed);
    }
};

}  // namespace millrace::detail
