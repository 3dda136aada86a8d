#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/endpoint/guards/detail/web_origin.hpp>
#include <millrace/endpoint/options.hpp>
#include <millrace/http/request.hpp>
#include <millrace/http/response.hpp>
#include <millrace/http/text.hpp>

namespace millrace::detail {

/// The header lines that an endpoint's settings add to its HTTP answers. From any thread.
class answer_headers {
public:
    /// The settings must outlive this.
    /// @throws std::invalid_argument for a header that is none or that the endpoint sets itself,
    /// and for an origin that is none.
    explicit answer_headers(const endpoint_options& options);

    [[nodiscard]] bool has_cors() const noexcept { return !options_.cors_origins.empty(); }

    /// For an answer to a request with this Origin.
    [[nodiscard]] std::string lines(std::string_view origin) const;

    /// What a file's answer has besides.
    [[nodiscard]] const std::string& file_lines() const noexcept { return files_; }

    /// The answer to a browser that asks what another origin's page may do (the Fetch standard's
    /// CORS-preflight request), before any guard: such a request shows no token.
    [[nodiscard]] std::optional<http::response> preflight(const http::request& request) const;

private:
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 2> file_defaults{
        {{"X-Frame-Options", "SAMEORIGIN"}, {"Referrer-Policy", "no-referrer"}}};

    [[nodiscard]] static bool is_own(std::string_view name);

    [[nodiscard]] bool is_given(std::string_view name) const;

    [[nodiscard]] bool is_allowed(std::string_view origin) const;

    const endpoint_options& options_;
    std::string own_;
    std::string files_;
};

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/endpoint/detail/http/answer_headers.ipp>
#endif
