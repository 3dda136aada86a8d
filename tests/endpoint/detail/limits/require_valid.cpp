#include <millrace/endpoint/detail/limits/require_valid.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stdexcept>

#include <asio/io_context.hpp>

#include <millrace/endpoint/endpoint.hpp>
#include <millrace/transport/memory.hpp>

#include "catch.hpp"

using namespace millrace;
using namespace std::chrono_literals;
using detail::require_valid;

namespace {

void check_times(std::chrono::milliseconds endpoint_options::*member) {
    for (const auto wrong : {-1ms, std::chrono::milliseconds::max(),
                             std::chrono::milliseconds::min(), detail::longest_time + 1ms}) {
        endpoint_options options;
        options.*member = wrong;
        CHECK_THROWS_AS(require_valid(options), std::invalid_argument);
    }
    endpoint_options longest;
    longest.*member = detail::longest_time;
    CHECK_NOTHROW(require_valid(longest));
}

void check_not_0(std::size_t endpoint_options::*member) {
    endpoint_options options;
    options.*member = 0;
    CHECK_THROWS_AS(require_valid(options), std::invalid_argument);
    options.*member = SIZE_MAX;
    if (member != &endpoint_options::loops) CHECK_NOTHROW(require_valid(options));
}

}  // namespace

TEST_CASE("an endpoint takes its defaults") { CHECK_NOTHROW(require_valid({})); }

TEST_CASE("times of an endpoint that no clock reaches, or that are negative, are refused") {
    for (const auto member :
         {&endpoint_options::handshake_timeout, &endpoint_options::ping_interval,
          &endpoint_options::idle_timeout, &endpoint_options::pause_timeout,
          &endpoint_options::close_timeout, &endpoint_options::stop_timeout,
          &endpoint_options::tick_interval, &endpoint_options::message_timeout})
        check_times(member);
    CHECK_NOTHROW(require_valid({.stop_timeout = 0ms}));
    CHECK_THROWS_AS(require_valid({.tick_interval = 0ms}), std::invalid_argument);
}

TEST_CASE("limits of an endpoint that would serve nobody are refused") {
    for (const auto member :
         {&endpoint_options::max_message_bytes, &endpoint_options::max_head_bytes,
          &endpoint_options::max_headers, &endpoint_options::max_connections,
          &endpoint_options::max_connections_per_address, &endpoint_options::max_handshakes,
          &endpoint_options::max_handshakes_per_address, &endpoint_options::outbox_bytes,
          &endpoint_options::max_memory_bytes})
        check_not_0(member);
    CHECK_THROWS_AS(require_valid({.loops = 1025}), std::invalid_argument);
    CHECK_THROWS_AS(require_valid({.ipv6_prefix_bits = 0}), std::invalid_argument);
    CHECK_THROWS_AS(require_valid({.ipv6_prefix_bits = 129}), std::invalid_argument);
    CHECK_NOTHROW(require_valid({.ipv6_prefix_bits = 128}));
    CHECK_THROWS_AS(require_valid({.outbox_high_water = 10, .outbox_low_water = 11}),
                    std::invalid_argument);
}

TEST_CASE("a ping comes before the idle timeout, and congestion before the outbox is full") {
    const auto brief = require_valid({.idle_timeout = 15s});
    CHECK(brief.ping_interval == 5s);
    CHECK(require_valid({.ping_interval = 9s, .idle_timeout = 10s}).ping_interval == 9s);
    CHECK(require_valid({.idle_timeout = 1ms}).ping_interval == 1ms);
    const auto small = require_valid({.outbox_bytes = 16'000});
    CHECK(small.outbox_high_water == 4'000);
    CHECK(small.outbox_low_water == 1'000);
    const auto full =
        require_valid({.outbox_bytes = 500, .outbox_high_water = 500, .outbox_low_water = 100});
    CHECK(full.outbox_high_water == 500);
    CHECK(full.outbox_low_water == 100);
}

TEST_CASE("an endpoint asks before it listens, and its longest times do not overflow") {
    asio::io_context io;
    const memory wire;
    using memory_endpoint = endpoint<memory>;
    CHECK_THROWS_AS(memory_endpoint(io, {.tick_interval = 0ms}, wire), std::invalid_argument);
    memory_endpoint slow{io,
                         {.handshake_timeout = detail::longest_time,
                          .ping_interval = detail::longest_time,
                          .idle_timeout = detail::longest_time,
                          .close_timeout = detail::longest_time,
                          .stop_timeout = detail::longest_time,
                          .tick_interval = detail::longest_time},
                         wire};
    slow.tick();
    slow.drain(std::chrono::milliseconds::max());
    io.poll();
    slow.stop();
    io.poll();
}
