#pragma once

#include <millrace/windows/calendar_size.hpp>

namespace millrace {

MILLRACE_INLINE std::string calendar_size::text() const {
    const bool is_in_weeks = first_ != std::chrono::local_days{};
    const std::int64_t count = is_in_weeks ? count_ / 7 : count_;
    const char* const unit = is_in_months_ ? " month" : is_in_weeks ? " week" : " day";
    return std::to_string(count) + unit + (count == 1 ? "" : "s");
}

}  // namespace millrace
