#pragma once

#include <millrace/codec/detail/error_reply.hpp>

namespace millrace::detail {

MILLRACE_INLINE void append_error(std::string& out, const input_error& error) {
    out.append(R"({"index":)").append(std::to_string(error.index));
    out.append(R"(,"code":)");
    append_json_string(out, error.code.message());
    if (!error.field.empty()) {
        out.append(R"(,"field":)");
        append_json_string(out, error.field);
    }
    out.append(R"(,"offset":)").append(std::to_string(error.offset));
    if (error.unread_bytes != 0) {
        out.append(R"(,"unread_bytes":)").append(std::to_string(error.unread_bytes));
    }
    out.append("}");
}

MILLRACE_INLINE void append_error_reply(std::string& out, const input_error& error) {
    out.append(R"({"error":)");
    append_error(out, error);
    out.append("}");
}

}  // namespace millrace::detail
