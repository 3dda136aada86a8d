#pragma once

#include <string>
#include <system_error>

#include <millrace/websocket/response.hpp>

namespace millrace {

namespace detail {

class http_status_names final : public std::error_category {
public:
    const char* name() const noexcept override { return "http"; }
    std::string message(int status) const override {
        std::string text = "HTTP status " + std::to_string(status);
        const auto reason = websocket::http_reason(status);
        return reason.empty() ? text : text.append(" ").append(reason);
    }
};

}  // namespace detail

/// The category of errors whose value is the HTTP status that a server answered with; its name is
/// "http".
[[nodiscard]] inline const std::error_category& http_status_category() noexcept {
    static const detail::http_status_names instance;
    return instance;
}

[[nodiscard]] inline std::error_code http_status_error(int status) noexcept {
    return {status, http_status_category()};
}

}  // namespace millrace
