#include <millrace/websocket/deflate_options.hpp>

#include <stdexcept>

#include "catch.hpp"

using namespace millrace::websocket;

TEST_CASE("options out of range are refused") {
    CHECK_NOTHROW(check({}));
    CHECK_NOTHROW(check({.server_max_window_bits = 8, .client_max_window_bits = 8, .level = 0}));
    for (const deflate_options& wrong :
         {deflate_options{.server_max_window_bits = 7},
          deflate_options{.server_max_window_bits = 16},
          deflate_options{.client_max_window_bits = 7},
          deflate_options{.client_max_window_bits = 16}, deflate_options{.max_ratio = 0},
          deflate_options{.level = -1}, deflate_options{.level = 10},
          deflate_options{.memory_level = 0}, deflate_options{.memory_level = 10}})
        CHECK_THROWS_AS(check(wrong), std::invalid_argument);
}
