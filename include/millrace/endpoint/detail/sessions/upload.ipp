#pragma once

#include <millrace/endpoint/detail/sessions/upload.hpp>

namespace millrace::detail {

MILLRACE_INLINE std::optional<http::response> upload::begin(route& to, const http::request& request,
                                                            const connection& from) {
    const auto said = to.admit_post(from);
    const bool takes_posts = said.error != errc::method_not_allowed;
    if (!takes_posts || request.method() != "POST") {
        auto answer = http::refusal(make_error_code(errc::method_not_allowed),
                                    takes_posts ? "events are sent by POST" : said.reason);
        answer.extra_headers = takes_posts ? "Allow: GET, POST\r\n" : "Allow: GET\r\n";
        return answer;
    }
    if (said.error) return http::refusal(said.error, said.reason);
    const auto expectation = request.header("Expect");
    if (!request.has_header("Content-Length"))
        return http::error_response(make_error_code(errc::length_required));
    if (request.content_length() > from.options().max_message_bytes)
        return http::error_response(make_error_code(errc::message_too_big));
    const auto coding = request.header("Content-Encoding");
    if (!coding.empty() && !http::iequals(coding, "identity")) return encoding_refusal();
    if (!expectation.empty() && !http::iequals(expectation, "100-continue"))
        return http::error_response(417, "unknown expectation", "Expect");
    route_ = &to;
    missing_bytes_ = static_cast<std::size_t>(request.content_length());
    is_go_ahead_wanted_ = request.is_http_1_1() && !expectation.empty() && missing_bytes_ != 0;
    return std::nullopt;
}

MILLRACE_INLINE std::size_t upload::take(std::string_view bytes) {
    const std::size_t size = std::min(bytes.size(), missing_bytes_);
    body_.append(bytes.substr(0, size));
    missing_bytes_ -= size;
    progress_ += size;
    return size;
}

MILLRACE_INLINE void upload::finish(connection& from, const http::responder& respond) {
    std::string body;
    body.swap(body_);
    if (!is_valid_utf8(body))
        return respond(http::error_response(400, make_error_code(errc::invalid_utf8).message()));
    route_->on_post(from, body, respond);
}

MILLRACE_INLINE http::response upload::encoding_refusal() {
    auto answer =
        http::error_response(415, "a body is taken as it is, not compressed", "Content-Encoding");
    answer.extra_headers = "Accept-Encoding: identity\r\n";
    return answer;
}

}  // namespace millrace::detail
