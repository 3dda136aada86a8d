#pragma once

#include <charconv>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>

// Settings from the environment, as systemd and container platforms hand them over.

/// The variable's value, or `otherwise` where it is not set or empty.
inline std::string text_from(const char* variable, std::string_view otherwise) {
    const char* const value = std::getenv(variable);
    return std::string{value != nullptr && *value != '\0' ? value : otherwise};
}

/// Likewise, a whole number. @throws std::invalid_argument for anything else.
template <class Number>
Number number_from(const char* variable, Number otherwise) {
    const std::string text = text_from(variable, "");
    if (text.empty()) return otherwise;
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size())
        throw std::invalid_argument(std::string{variable} + "=" + text + ": not such a number");
    return value;
}
