#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <millrace/codec/json_string.hpp>
#include <millrace/endpoint/frame.hpp>
#include <millrace/websocket/response.hpp>

namespace millrace {

/// An HTTP response that is not framed yet.
struct http_answer {
    int status = 200;
    std::string content_type = "text/plain; charset=utf-8";
    std::string body{};
    /// The body instead of `body`, if it is not empty: shared with other answers, never copied.
    frame shared_body{};
    /// Lines that each end in CRLF.
    std::string extra_headers{};

    [[nodiscard]] std::string_view content() const noexcept {
        return shared_body.size() != 0 ? shared_body.bytes() : std::string_view{body};
    }

    /// Copies a shared body, so that the answer may go to another thread.
    void own_body() {
        if (shared_body.size() != 0) body = shared_body.bytes();
        shared_body = {};
    }
};

/// {"error":{"code":"out of range","parameter":"limit"}}; without an empty parameter.
[[nodiscard]] inline http_answer http_error(int status, std::string_view code,
                                            std::string_view parameter = {}) {
    http_answer answer{.status = status, .content_type = "application/json"};
    answer.body = R"({"error":{"code":)";
    append_json_string(answer.body, code);
    if (!parameter.empty()) {
        answer.body += R"(,"parameter":)";
        append_json_string(answer.body, parameter);
    }
    answer.body += "}}\n";
    return answer;
}

[[nodiscard]] inline http_answer http_error(std::error_code error) {
    return http_error(websocket::http_status_of(error), error.message());
}

/// What a guard's refusal is answered with: {"error":{"code":"forbidden","reason":"..."}}, and what
/// a client is told to do next (RFC 6750, section 3; RFC 9110, section 10.2.3).
[[nodiscard]] inline http_answer http_refusal(std::error_code error, std::string_view reason) {
    auto answer = http_error(error);
    if (!reason.empty()) {
        answer.body.resize(answer.body.size() - std::string_view{"}}\n"}.size());
        answer.body += R"(,"reason":)";
        append_json_string(answer.body, reason);
        answer.body += "}}\n";
    }
    if (answer.status == 401) answer.extra_headers = "WWW-Authenticate: Bearer\r\n";
    if (answer.status == 429 || answer.status == 503) answer.extra_headers = "Retry-After: 1\r\n";
    return answer;
}

/// Status line and headers for `answer`.
[[nodiscard]] inline std::string http_head(const http_answer& answer, bool keep_alive) {
    std::string head = "HTTP/1.1 " + std::to_string(answer.status) + " ";
    head.append(websocket::http_reason(answer.status)).append("\r\n");
    if (answer.status != 304) {
        head.append("Content-Length: ").append(std::to_string(answer.content().size()));
        head.append("\r\nContent-Type: ").append(answer.content_type).append("\r\n");
        head.append("X-Content-Type-Options: nosniff\r\n");
    }
    head.append(answer.extra_headers);
    head.append(keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n");
    return head;
}

/// Takes the answer to one request, at once or later, on the endpoint's thread. It does nothing if
/// the client has gone.
using responder = std::function<void(http_answer)>;

}  // namespace millrace
