#pragma once

#include <millrace/websocket/deflate_options.hpp>

namespace millrace::websocket {

MILLRACE_INLINE void check(const deflate_options& options) {
    const auto require = [](int value, int least, int most, const char* message) {
        if (value < least || value > most) throw std::invalid_argument{message};
    };
    require(options.server_max_window_bits, 8, 15, "server_max_window_bits must be 8 to 15");
    require(options.client_max_window_bits, 8, 15, "client_max_window_bits must be 8 to 15");
    require(options.level, 0, 9, "level must be 0 to 9");
    if (options.max_ratio == 0) throw std::invalid_argument{"max_ratio must be at least 1"};
    require(options.memory_level, 1, 9, "memory_level must be 1 to 9");
}

}  // namespace millrace::websocket
