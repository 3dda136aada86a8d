#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <millrace/core/error.hpp>
#include <millrace/http/fields.hpp>
#include <millrace/http/request_target.hpp>
#include <millrace/http/text.hpp>

namespace millrace::http {

struct request_limits {
    std::size_t max_head_bytes = 8192;  ///< request line and header lines together
    std::size_t max_headers = 64;       ///< header lines
};

struct parse_result {
    enum parse_state { incomplete, complete, failed };
    parse_state state = incomplete;
    std::size_t consumed = 0;  ///< bytes of the head, when complete
    std::error_code error;     ///< why, when failed: see `parse_request`
};

/// An HTTP request's head; it owns its text.
class request {
public:
    [[nodiscard]] const std::string& method() const noexcept { return method_; }
    [[nodiscard]] const std::string& target() const noexcept { return target_.text(); }

    /// See `request_target::path`.
    [[nodiscard]] const std::string& path() const noexcept { return target_.path(); }

    /// See `request_target::query`.
    [[nodiscard]] std::optional<std::string> query(std::string_view name) const {
        return target_.query(name);
    }

    /// See `request_target::query_count`.
    [[nodiscard]] std::size_t query_count(std::string_view name) const {
        return target_.query_count(name);
    }

    /// The header's value, empty when it is absent; joined by ", " when it is repeated.
    [[nodiscard]] std::string_view header(std::string_view name) const noexcept {
        return fields_.get(name);
    }
    [[nodiscard]] bool has_header(std::string_view name) const noexcept {
        return fields_.has(name);
    }

    /// In how many lines the header was given.
    [[nodiscard]] std::size_t header_lines(std::string_view name) const noexcept {
        return fields_.count(name);
    }

    /// Replaces what was given of a header. Nothing of it is checked.
    void set_header(std::string_view name, std::string_view value) { fields_.set(name, value); }

    [[nodiscard]] bool is_http_1_1() const noexcept { return is_http_1_1_; }

    /// Whom the client means to speak to, host and port: of an absolute form, which goes before the
    /// Host header (RFC 9112, section 3.2.2).
    [[nodiscard]] std::string_view authority() const noexcept {
        return target_.authority().empty() ? header("Host") : target_.authority();
    }

    /// Whether it came by TLS, to the server itself or to a proxy that the server trusts. The
    /// server sets it; a request that was only parsed did not.
    [[nodiscard]] bool is_secure() const noexcept { return is_secure_; }
    void set_secure(bool yes) noexcept { is_secure_ = yes; }

    /// Bytes of body behind the head; 0 for GET and HEAD.
    [[nodiscard]] std::uint64_t content_length() const noexcept { return content_length_; }

    /// Whether the client lets the connection serve another request (RFC 9112, section 9.3).
    [[nodiscard]] bool keep_alive() const noexcept {
        return is_http_1_1_ && !list_has(header("Connection"), "close");
    }

private:
    friend parse_result parse_request(std::string_view, request&, request_limits);

    std::error_code parse(std::string_view head, std::size_t max_headers) {
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

    /// RFC 9112, sections 3.2 and 6: what decides where the request ends must not be in doubt.
    std::error_code check_framing() {
        const std::size_t hosts = fields_.count("Host");
        if (hosts > 1 || (is_http_1_1_ && hosts == 0)) return errc::bad_request;
        if (fields_.has("Transfer-Encoding"))
            return fields_.has("Content-Length") ? errc::bad_request : errc::length_required;
        content_length_ = 0;
        if (fields_.has("Content-Length")) {
            const auto text = header("Content-Length");
            const auto [end, failure] =
                std::from_chars(text.data(), text.data() + text.size(), content_length_);
            if (failure != std::errc{} || end != text.data() + text.size())
                return errc::bad_request;
        }
        const bool has_no_body = method_ == "GET" || method_ == "HEAD";
        if (has_no_body && content_length_ != 0) return errc::bad_request;
        return {};
    }

    std::string method_;
    request_target target_;
    fields fields_;
    std::uint64_t content_length_ = 0;
    bool is_http_1_1_ = false;
    bool is_secure_ = false;
};

/// Parses the head of an HTTP/1.x request at the front of `bytes`. Give it the bytes from the start
/// again, with more behind them, while the state is `incomplete`. A byte that no head may hold
/// fails at once.
///
/// Refused: a head beyond `limits` (`errc::header_too_large`); else with `errc::bad_request` NUL
/// and other control characters, bare CR or LF, names that are not tokens, folded lines, a target
/// that `request_target::parse` refuses, a missing or repeated Host, a
/// Content-Length that is not one number or, on GET and HEAD, not 0, or that comes with a
/// Transfer-Encoding; with `errc::length_required` a Transfer-Encoding alone.
inline parse_result parse_request(std::string_view bytes, request& out,
                                  request_limits limits = {}) {
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
