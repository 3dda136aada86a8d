#pragma once

#include <string>

#include <millrace/codec/codec.hpp>
#include <millrace/codec/json_string.hpp>

namespace millrace::detail {

/// Why an event is refused: {"index":3,"code":"missing field","field":"value","offset":17},
/// without the field where none is to blame. Where all behind it is lost, too, "unread_bytes" says
/// how much that is.
inline void append_error(std::string& out, const input_error& error) {
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

/// What its sender is told over WebSocket: {"error":{"index":3,...}}.
inline void append_error_reply(std::string& out, const input_error& error) {
    out.append(R"({"error":)");
    append_error(out, error);
    out.append("}");
}

}  // namespace millrace::detail
