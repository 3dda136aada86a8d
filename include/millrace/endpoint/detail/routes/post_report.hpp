#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <millrace/codec/codec.hpp>
#include <millrace/codec/detail/error_reply.hpp>
#include <millrace/codec/detail/reply_limit.hpp>
#include <millrace/codec/json_string.hpp>
#include <millrace/core/detail/compiled.hpp>
#include <millrace/core/error.hpp>
#include <millrace/http/response.hpp>

namespace millrace::detail {

/// What becomes of a posted message's events:
/// {"accepted":2,"rejected":1,"errors":[{"index":1,"code":"missing field",...}]}.
class post_report {
public:
    /// See `reply_limit`.
    explicit post_report(std::size_t max_errors) noexcept : limit_{max_errors} {}

    /// An event was refused.
    void reject(const input_error& error);

    /// The answer once the pipeline has taken `accepted` events. Its status is 400 if there were
    /// events and all were refused, and 500 where it failed at some, which are in neither count.
    [[nodiscard]] http::response answer(std::uint64_t accepted, bool has_failed);

private:
    void begin_error() {
        if (!errors_.empty()) errors_ += ',';
    }

    reply_limit limit_;
    std::size_t rejected_ = 0;
    std::string errors_;
};

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/endpoint/detail/routes/post_report.ipp>
#endif
