#pragma once

#include <string_view>

/// Whether a text has another within it.
inline bool has(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}
