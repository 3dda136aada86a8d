#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <millrace/core/detail/compiled.hpp>
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
                                                      const connection& from);

    /// Whether the client waits for "100 Continue" (RFC 9110, section 10.1.1).
    [[nodiscard]] bool is_go_ahead_wanted() const noexcept { return is_go_ahead_wanted_; }

    /// Takes what belongs to the body off the front of `bytes`; how much that is.
    [[nodiscard]] std::size_t take(std::string_view bytes);

    /// How much came since this was asked last.
    [[nodiscard]] std::size_t progress() noexcept { return std::exchange(progress_, 0); }

    [[nodiscard]] std::size_t memory_bytes() const noexcept { return body_.capacity(); }

    [[nodiscard]] bool is_whole() const noexcept { return missing_bytes_ == 0; }

    /// Gives the whole body to the route, which answers at once or later, and forgets it.
    void finish(connection& from, const http::responder& respond);

private:
    /// RFC 9110, section 15.5.16.
    [[nodiscard]] static http::response encoding_refusal();

    route* route_ = nullptr;
    std::string body_;
    std::size_t missing_bytes_ = 0;
    std::size_t progress_ = 0;
    bool is_go_ahead_wanted_ = false;
};

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/endpoint/detail/sessions/upload.ipp>
#endif
