#pragma once

#include <millrace/http/response.hpp>

namespace millrace::http {

MILLRACE_INLINE response error_response(int status, std::string_view code,
                                        std::string_view parameter) {
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

MILLRACE_INLINE response refusal(std::error_code error, std::string_view reason) {
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

MILLRACE_INLINE std::string head_of(const response& answer, bool keep_alive) {
    std::string head = "HTTP/1.1 ";
    head.append(std::to_string(answer.status))
        .append(" ")
        .append(reason_phrase(answer.status))
        .append("\r\n");
    if (answer.status != 304 && answer.status != 204) {
        head.append("Content-Length: ").append(std::to_string(answer.content_bytes()));
        head.append("\r\nContent-Type: ").append(answer.content_type).append("\r\n");
        head.append("X-Content-Type-Options: nosniff\r\n");
    }
    head.append(answer.extra_headers);
    head.append(keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n");
    return head;
}

}  // namespace millrace::http
