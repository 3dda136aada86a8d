#pragma once

#include <string>
#include <system_error>

#include <millrace/http/status.hpp>

namespace millrace::http {

namespace detail {

class status_names final : public std::error_category {
public:
    const char* name() const noexcept override { return "http"; }
    std::string message(int status) const override {
        std::string text = "HTTP status " + std::to_string(status);
        const auto reason = reason_phrase(status);
        return reason.empty() ? text : text.append(" ").append(reason);
    }
};

}  // namespace detail

/// The category of errors whose value is the HTTP status that a server answered with; its name is
/// "http".
[[nodiscard]] inline const std::error_category& status_category() noexcept {
    static const detail::status_names instance;
    return instance;
}

[[nodiscard]] inline std::error_code status_error(int status) noexcept {
    return {status, status_category()};
}

}  // namespace millrace::http
