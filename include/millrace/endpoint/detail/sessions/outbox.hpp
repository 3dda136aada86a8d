#pragma once

#include <millrace/publish/detail/outbox.hpp>
#include <millrace/websocket/frame.hpp>

namespace millrace::detail {

/// What waits to be sent to one connection: frames, and what HTTP answers.
using outbox = basic_outbox<websocket::frame>;

}  // namespace millrace::detail
