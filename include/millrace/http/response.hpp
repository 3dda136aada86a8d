#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <system_error>

#include <millrace/codec/json_string.hpp>
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
[[nodiscard]] inline response error_response(int status, std::string_view code,
                                             std::string_view parameter = {}) {
    response answer{.status = status, .content_type = "application/json"};
    answer.body = R"({"error":{"code":)";
    append_json_string(answer.body, code);
    if (!parameter.empty()) {
        answer.body += R"(,"parameter":)";
        append_json_string(answer.body, parameter);
    }
    answer.body += "}}\n";
    if (status == 429 || status == 503) answer.extra_headers = "Retry-After: 1\r\n";
    return answer;
}

[[nodiscard]] inline response error_response(std::error_code error) {
    return error_response(status_of(error), error.message());
}

/// What a guard's refusal is answered with: {"error":{"code":"forbidden","reason":"..."}}, and what
/// a client is told to do next (RFC 6750, section 3).
[[nodiscard]] inline response refusal(std::error_code error, std::string_view reason) {
    auto answer = error_response(error);
    if (!reason.empty()) {
        answer.body.resize(answer.body.size() - std::string_view{"}}\n"}.size());
        answer.body += R"(,"reason":)";
        append_json_string(answer.body, reason);
        answer.body += "}}\n";
    }
    if (answer.status == 401) answer.extra_headers = "WWW-Authenticate: Bearer\r\n";
    return answer;
}

/// Status line and headers for `answer`.
[[nodiscard]] inline std::string head_of(const response& answer, bool keep_alive) {
    std::string head = "HTTP/1.1 " + std::to_string(answer.status) + " ";
    head.append(reason_phrase(answer.status)).append("\r\n");
    if (answer.status != 304 && answer.status != 204) {
        head.append("Content-Length: ").append(std::to_string(answer.content_bytes()));
        head.append("\r\nContent-Type: ").append(answer.content_type).append("\r\n");
        head.append("X-Content-Type-Options: nosniff\r\n");
    }
    head.append(answer.extra_headers);
    head.append(keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n");
    return head;
}

/// Takes the answer to one request, at once or later, on the endpoint's thread. It does nothing if
/// the client has gone.
using responder = std::function<void(response)>;

}  // namespace millrace::http
