#pragma once

#include <string>

#include <millrace/codec/codec.hpp>
#include <millrace/codec/json_string.hpp>
#include <millrace/core/detail/compiled.hpp>

namespace millrace::detail {

/// Why an event is refused: {"index":3,"code":"missing field","field":"value","offset":17},
/// without the field where none is to blame. Where all behind it is lost, too, "unread_bytes" says
/// how much that is.
void append_error(std::string& out, const input_error& error);

/// What its sender is told over WebSocket: {"error":{"index":3,...}}.
void append_error_reply(std::string& out, const input_error& error);

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/codec/detail/error_reply.ipp>
#endif
