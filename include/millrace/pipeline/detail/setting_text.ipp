#pragma once

#include <millrace/pipeline/detail/setting_text.hpp>

namespace millrace::detail {

MILLRACE_INLINE std::string duration_text(duration value) {
    if (value == duration::max()) return "unlimited";
    if (value == duration{0}) return "0s";
    constexpr std::array<std::pair<std::string_view, std::int64_t>, 7> units{{
        {"d", 86'400'000'000'000},
        {"h", 3'600'000'000'000},
        {"m", 60'000'000'000},
        {"s", 1'000'000'000},
        {"ms", 1'000'000},
        {"us", 1000},
        {"ns", 1},
    }};
    std::string text = value < duration{0} ? "-" : "";
    for (std::int64_t left = value.count(); const auto& [name, size] : units) {
        const std::int64_t whole = left / size;
        left %= size;
        if (whole != 0) text.append(std::to_string(whole < 0 ? -whole : whole)).append(name);
    }
    return text;
}

}  // namespace millrace::detail
