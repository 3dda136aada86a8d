#pragma once

#include <millrace/core/timestamp.hpp>

namespace millrace {

/// How far apart in event time, which is included: partners of an `asof_join`, and events that
/// `dedup` takes for one.
struct within {
    duration value;
};

}  // namespace millrace
