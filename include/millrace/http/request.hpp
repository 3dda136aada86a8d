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

#include <millrace/core/detail/compiled.hpp>
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

    std::error_code parse(std::string_view head, std::size_t max_headers);

    /// RFC 9112, sections 3.2 and 6: what decides where the request ends must not be in doubt.
    std::error_code check_framing();

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
parse_result parse_request(std::string_view bytes, request& out, request_limits limits = {});

}  // namespace millrace::http

#ifndef MILLRACE_COMPILED
#include <millrace/http/request.ipp>
#endif
