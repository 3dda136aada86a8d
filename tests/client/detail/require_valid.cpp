#include <millrace/client/detail/require_valid.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

#include <asio/io_context.hpp>

#include <millrace/client/client.hpp>
#include <millrace/core/clock.hpp>
#include <millrace/transport/memory.hpp>

#include "catch.hpp"

using namespace millrace;
using namespace std::chrono_literals;
using detail::require_url, detail::require_valid;

TEST_CASE("times of a client that no clock reaches, or that are not longer than 0, are refused") {
    for (const auto member : {&client_options::connect_timeout, &client_options::ping_interval,
                              &client_options::idle_timeout, &client_options::close_timeout}) {
        for (const auto wrong :
             {0ms, -1ms, std::chrono::milliseconds::max(), std::chrono::milliseconds::min()}) {
            client_options options;
            options.*member = wrong;
            CHECK_THROWS_AS(require_valid(options), std::invalid_argument);
        }
        client_options good;
        for (const auto right : {1ms, detail::longest_time}) {
            good.*member = right;
            CHECK_NOTHROW(require_valid(good));
        }
    }
}

TEST_CASE("limits of a client that leave room for nothing are refused") {
    for (const auto member : {&client_options::max_message_bytes, &client_options::max_head_bytes,
                              &client_options::outbox_bytes}) {
        client_options options;
        options.*member = 0;
        CHECK_THROWS_AS(require_valid(options), std::invalid_argument);
        options.*member = SIZE_MAX;
        CHECK_NOTHROW(require_valid(options));
    }
}

TEST_CASE("a proxy is a host and a port, and nothing else") {
    for (const std::string right : {"", "proxy:3128", "10.0.0.1:80", "[::1]:8080"})
        CHECK_NOTHROW(require_valid({.proxy = right}));
    for (const std::string wrong :
         {"http://proxy:3128", "http://proxy:3128/", "proxy", "proxy:", ":3128", "proxy:0",
          "proxy:65536", "user:pass@proxy:3128", "user@proxy:3128", "::1:8080", "proxy:3128/",
          "//proxy:3128", "pro xy:3128"}) {
        CAPTURE(wrong);
        CHECK_THROWS_AS(require_valid({.proxy = wrong}), std::invalid_argument);
    }
}

TEST_CASE("a URL and its transport agree on TLS") {
    CHECK(require_url("ws://host/x", false).target == "/x");
    CHECK(require_url("wss://host/x", true).port == 443);
    CHECK_THROWS_AS(require_url("ws://host/x", true), std::invalid_argument);
    CHECK_THROWS_AS(require_url("wss://host/x", false), std::invalid_argument);
    CHECK_THROWS_AS(require_url("http://host/x", false), std::invalid_argument);
}

TEST_CASE("a client asks before it connects, and its longest times do not overflow") {
    asio::io_context io;
    const memory wire;
    using memory_client = client<memory, manual_clock>;
    CHECK_THROWS_AS(memory_client(io, {.url = "ws://h/", .close_timeout = 0ms}, {}, wire),
                    std::invalid_argument);
    const manual_clock today{timestamp{std::chrono::hours{24 * 365 * 57}}};
    memory_client patient{io,
                          {.url = "ws://h/",
                           .connect_timeout = detail::longest_time,
                           .ping_interval = detail::longest_time,
                           .idle_timeout = detail::longest_time,
                           .close_timeout = detail::longest_time,
                           .reconnect = {.base = detail::longest_time,
                                         .cap = detail::longest_time,
                                         .stable_after = detail::longest_time}},
                          {},
                          wire,
                          today};
    io.poll();
    patient.tick();
    CHECK(patient.state() == client_state::waiting);
}
