#pragma once

#include <millrace/endpoint/detail/routes/post_report.hpp>

namespace millrace::detail {

MILLRACE_INLINE void post_report::reject(const input_error& error) {
    ++rejected_;
    if (!limit_.takes(error)) return;
    begin_error();
    append_error(errors_, error);
}

MILLRACE_INLINE http::response post_report::answer(std::uint64_t accepted, bool has_failed) {
    http::response answer{.status = accepted == 0 && rejected_ != 0 ? 400 : 200,
                          .content_type = "application/json"};
    if (has_failed) {
        answer.status = 500;
        begin_error();
        errors_ += R"({"code":)";
        append_json_string(errors_, make_error_code(errc::handler_failed).message());
        errors_ += '}';
    }
    answer.body = R"({"accepted":)" + std::to_string(accepted) + R"(,"rejected":)" +
                  std::to_string(rejected_) + R"(,"errors":[)" + errors_ + "]}\n";
    return answer;
}

}  // namespace millrace::detail
