#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <millrace/core/error.hpp>
#include <millrace/core/utf8.hpp>
#include <millrace/endpoint/connection.hpp>
#include <millrace/endpoint/detail/routes/route.hpp>
#include <millrace/http/request.hpp>
#include <millrace/http/response.hpp>
#include <millrace/http/text.hpp>

namespace millrace::detail {

/// The body of a request that is posted to a route, gathered until it is whole.
class upload {
public:
    /// The answer if the request is refused before its body is read: 405 for another method and
    /// a route that takes none, what the route's `admit_post` says, 411 without a Content-Length,
    /// 413 beyond `max_message_bytes`, 415 for a compressed body, 417 for an expectation other than
    /// 100-continue.
    [[nodiscard]] std::optional<http::response> begin(route& to, const http::request& request,
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

    /// Whether the client waits for "100 Continue" (RFC 9110, section 10.1.1).
    [[nodiscard]] bool is_go_ahead_wanted() const noexcept { return is_go_ahead_wanted_; }

    /// Takes what belongs to the body off the front of `bytes`; how much that is.
    [[nodiscard]] std::size_t take(std::string_view bytes) {
        const std::size_t size = std::min(bytes.size(), missing_bytes_);
        body_.append(bytes.substr(0, size));
        missing_bytes_ -= size;
        progress_ += size;
        return size;
    }

    /// How much came since this was asked last.
    [[nodiscard]] std::size_t progress() noexcept { return std::exchange(progress_, 0); }

    [[nodiscard]] std::size_t memory_bytes() const noexcept { return body_.capacity(); }

    [[nodiscard]] bool is_whole() const noexcept { return missing_bytes_ == 0; }

    /// Gives the whole body to the route, which answers at once or later, and forgets it.
    void finish(connection& from, const http::responder& respond) {
        std::string body;
        body.swap(body_);
        if (!is_valid_utf8(body))
            return respond(
                http::error_response(400, make_error_code(errc::invalid_utf8).message()));
        route_->on_post(from, body, respond);
    }

private:
    /// RFC 9110, section 15.5.16.
    [[nodiscard]] static http::response encoding_refusal() {
        auto answer = http::error_response(415, "a body is taken as it is, not compressed",
                                           "Content-Encoding");
        answer.extra_headers = "Accept-Encoding: identity\r\n";
        return answer;
    }

    route* route_ = nullptr;
    std::string body_;
    std::size_t missing_bytes_ = 0;
    std::size_t progress_ = 0;
    bool is_go_ahead_wanted_ = false;
};

}  // namespace millrace::detail
