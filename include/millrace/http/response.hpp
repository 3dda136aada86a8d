#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <system_error>

#include <millrace/codec/json_string.hpp>
#include <millrace/core/detail/compiled.hpp>
#include <millrace/http/body_source.hpp>
#include <millrace/http/status.hpp>

namespace millrace::http {

/// An HTTP response that is not framed yet.
struct response {
    int status = 200;
    std::string content_type = "text/plain; charset=utf-8";
    std::string body{};
    /// The body instead of `body`, if it is not null: sent in pieces, and shared with other
    /// answers.
    shared_body source{};
    /// Lines that each end in CRLF.
    std::string extra_headers{};

    [[nodiscard]] std::uint64_t content_bytes() const noexcept {
        return source != nullptr ? source->size() : body.size();
    }
};

/// {"error":{"code":"out of range","parameter":"limit"}}; without an empty parameter. 429 and 503
/// say when to try again (RFC 9110, section 10.2.3).
[[nodiscard]] response error_response(int status, std::string_view code,
                                      std::string_view parameter = {});

[[nodiscard]] inline response error_response(std::error_code error) {
    return error_response(status_of(error), error.message());
}

/// What a guard's refusal is answered with: {"error":{"code":"forbidden","reason":"..."}}, and what
/// a client is told to do next (RFC 6750, section 3).
[[nodiscard]] response refusal(std::error_code error, std::string_view reason);

/// Status line and headers for `answer`.
[[nodiscard]] std::string head_of(const response& answer, bool keep_alive);

/// Takes the answer to one request, at once or later, on the endpoint's thread. It does nothing if
/// the client has gone.
using responder = std::function<void(response)>;

}  // namespace millrace::http

#ifndef MILLRACE_COMPILED
#include <millrace/http/response.ipp>
#endif
