#pragma once

#include <string>
#include <system_error>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/http/status.hpp>

namespace millrace::http {

namespace detail {

class status_names final : public std::error_category {
public:
    const char* name() const noexcept override { return "http"; }
    std::string message(int status) const override;
};

}  // namespace detail

/// The category of errors whose value is the HTTP status that a server answered with; its name is
/// "http".
[[nodiscard]] const std::error_category& status_category() noexcept;

[[nodiscard]] inline std::error_code status_error(int status) noexcept {
    return {status, status_category()};
}

}  // namespace millrace::http

#ifndef MILLRACE_COMPILED
#include <millrace/http/status_error.ipp>
#endif
