#pragma once

#include <millrace/endpoint/detail/limits/require_valid.hpp>

namespace millrace::detail {

MILLRACE_INLINE endpoint_options require_valid(endpoint_options options) {
    using std::chrono::milliseconds;
    require_time("handshake_timeout", options.handshake_timeout);
    require_time("ping_interval", options.ping_interval);
    require_time("idle_timeout", options.idle_timeout);
    require_time("message_timeout", options.message_timeout);
    require_time("pause_timeout", options.pause_timeout);
    require_time("close_timeout", options.close_timeout);
    require_time("stop_timeout", options.stop_timeout, milliseconds{0});
    require_time("tick_interval", options.tick_interval);

    require_option(options.loops <= 1024, "loops must not be more than 1,024");
    require_option(options.max_message_bytes != 0, "max_message_bytes must not be 0");
    require_option(options.max_head_bytes != 0, "max_head_bytes must not be 0");
    require_option(options.max_headers != 0, "max_headers must not be 0");
    require_option(options.max_connections != 0, "max_connections must not be 0");
    require_option(options.max_connections_per_address != 0,
                   "max_connections_per_address must not be 0");
    require_option(options.max_handshakes != 0, "max_handshakes must not be 0");
    require_option(options.max_handshakes_per_address != 0,
                   "max_handshakes_per_address must not be 0");
    require_option(options.ipv6_prefix_bits >= 1 && options.ipv6_prefix_bits <= 128,
                   "ipv6_prefix_bits must be from 1 to 128");
    require_option(options.outbox_bytes != 0, "outbox_bytes must not be 0");
    require_option(options.max_memory_bytes != 0, "max_memory_bytes must not be 0");
    require_option(options.outbox_low_water <= options.outbox_high_water,
                   "outbox_low_water must not be above outbox_high_water");

    if (options.ping_interval >= options.idle_timeout)
        options.ping_interval = std::max(options.idle_timeout / 3, milliseconds{1});
    if (options.outbox_high_water > options.outbox_bytes) {
        options.outbox_high_water = options.outbox_bytes / 4;
        options.outbox_low_water = std::min(options.outbox_low_water, options.outbox_bytes / 16);
    }
    return options;
}

}  // namespace millrace::detail
