#pragma once

#include <limits>

#include <millrace/core/schema.hpp>

namespace millrace {

/// What a detector says of one value.
struct anomaly_result {
    /// 0 to 1, the more anomalous the greater; from 0.5 the detector recommends an alarm.
    double score = 0;
    /// The value that was to be expected; NaN while nothing is known.
    double expected = std::numeric_limits<double>::quiet_NaN();
    /// Beyond these bounds the detector recommends an alarm; NaN while it is warming up.
    double lower = std::numeric_limits<double>::quiet_NaN();
    double upper = std::numeric_limits<double>::quiet_NaN();
    /// Whether the score reaches 0.5.
    bool anomaly = false;

    friend constexpr bool operator==(const anomaly_result&, const anomaly_result&) = default;
};

template <>
inline constexpr auto schema<anomaly_result> = fields(field{"score", &anomaly_result::score},
                                                      field{"expected", &anomaly_result::expected},
                                                      field{"lower", &anomaly_result::lower},
                                                      field{"upper", &anomaly_result::upper},
                                                      field{"anomaly", &anomaly_result::anomaly});

}  // namespace millrace
