#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include <millrace/codec/codec.hpp>
#include <millrace/endpoint/detail/routes/error_reply.hpp>
#include <millrace/http/response.hpp>

namespace millrace::detail {

/// Gives a posted message to `take(payload, on_error)`, which returns how many events it took. The
/// answer counts:
/// {"accepted":2,"rejected":1,"errors":[{"index":1,"code":"missing field",...}]}, with at most
/// `max_errors` of the errors, and the last one in any case where it says how much is lost; its
/// status is 400 if there were events and all were refused.
template <class Take>
[[nodiscard]] http::response post_events(std::span<char> payload, std::size_t max_errors,
                                         Take&& take) {
    std::size_t rejected = 0;
    std::string errors;
    const std::uint64_t accepted = take(payload, [&](const input_error& error) {
        if (rejected++ >= max_errors && error.unread_bytes == 0) return;
        if (!errors.empty()) errors += ',';
        append_error(errors, error);
    });
    http::response answer{.status = accepted == 0 && rejected != 0 ? 400 : 200,
                          .content_type = "application/json"};
    answer.body = R"({"accepted":)" + std::to_string(accepted) + R"(,"rejected":)" +
                  std::to_string(rejected) + R"(,"errors":[)" + errors + "]}\n";
    return answer;
}

}  // namespace millrace::detail
