#pragma once

#include <millrace/publish/detail/bounded_outbox.hpp>
#include <millrace/websocket/frame.hpp>

namespace millrace::detail {

/// What waits to be sent to one connection: frames, and what HTTP answers.
using outbox = bounded_outbox<websocket::frame>;

}  // namespace millrace::detail
