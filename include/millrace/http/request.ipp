#pragma once

#include <millrace/http/request.hpp>

namespace millrace::http {

MILLRACE_INLINE std::error_code request::parse(std::string_view head, std::size_t max_headers) {
    std::string_view line = split_off(head, "\r\n");
    method_ = split_off(line, " ");
    auto target = request_target::parse(split_off(line, " "));
    is_http_1_1_ = line == "HTTP/1.1";
    if (!is_token(method_) || !target || (!is_http_1_1_ && line != "HTTP/1.0"))
        return errc::bad_request;
    target_ = *std::move(target);
    if (const auto error = fields_.parse(head, max_headers)) return error;
    return check_framing();
}

MILLRACE_INLINE std::error_code request::check_framing() {
    const std::size_t hosts = fields_.count("Host");
    if (hosts > 1 || (is_http_1_1_ && hosts == 0)) return errc::bad_request;
    if (fields_.has("Transfer-Encoding"))
        return fields_.has("Content-Length") ? errc::bad_request : errc::length_required;
    content_length_ = 0;
    if (fields_.has("Content-Length")) {
        const auto text = header("Content-Length");
        const auto [end, failure] =
            std::from_chars(text.data(), text.data() + text.size(), content_length_);
        if (failure != std::errc{} || end != text.data() + text.size()) return errc::bad_request;
    }
    const bool has_no_body = method_ == "GET" || method_ == "HEAD";
    if (has_no_body && content_length_ != 0) return errc::bad_request;
    return {};
}

MILLRACE_INLINE parse_result parse_request(std::string_view bytes, request& out,
                                           request_limits limits) {
    const auto fail = [](errc error) {
        return parse_result{parse_result::failed, 0, make_error_code(error)};
    };
    // RFC 9112, section 2.2: an empty line before the request is ignored.
    const std::size_t start = bytes.starts_with("\r\n") ? 2 : 0;
    const auto window = bytes.substr(0, limits.max_head_bytes);
    const auto end = window.find("\r\n\r\n", start);
    const bool is_whole = end != std::string_view::npos;
    const auto head = is_whole ? bytes.substr(start, end + 2 - start) : window;
    if (has_bad_control(head)) return fail(errc::bad_request);
    if (!is_whole)
        return bytes.size() >= limits.max_head_bytes ? fail(errc::header_too_large)
                                                     : parse_result{};
    if (const auto error = out.parse(head, limits.max_headers))
        return {parse_result::failed, 0, error};
    return {parse_result::complete, end + 4, {}};
}

}  // namespace millrace::http
