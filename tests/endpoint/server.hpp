#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include <asio/io_context.hpp>

#include <millrace/core/clock.hpp>
#include <millrace/endpoint/endpoint.hpp>
#include <millrace/testing/memory_client.hpp>
#include <millrace/transport/memory.hpp>

#include "catch.hpp"

namespace {

using namespace std::chrono_literals;
using millrace::testing::memory_client;
using millrace::websocket::close_code;
using millrace::websocket::opcode;

using memory_endpoint = millrace::endpoint<millrace::memory, millrace::open_guard,
                                           millrace::prometheus_metrics, millrace::manual_clock>;

/// An endpoint in memory, whose time moves only when told to: from a day behind the epoch, so that
/// events of the first hours are of the past.
struct server {
    explicit server(millrace::endpoint_options options = {})
        : endpoint{io, options, wire, {}, millrace::manual_clock{millrace::timestamp{24h}}} {}

    void advance(std::chrono::nanoseconds by) {
        endpoint.clock().advance(by);
        endpoint.tick();
        run();
    }
    void run() {
        io.restart();
        io.poll();
    }
    [[nodiscard]] millrace::endpoint_counters counters() const {
        return endpoint.snapshot().counters;
    }

    asio::io_context io;
    millrace::memory wire;
    memory_endpoint endpoint;
};

/// A WebSocket client of `to` on `path`.
struct client : memory_client {
    client(server& to, std::string_view path, const millrace::memory_stream_options& options = {})
        : memory_client{to.io, to.wire, options} {
        REQUIRE(upgrade(path));
    }
};

/// The code of the close frame that comes next, behind whatever else.
inline close_code code_of_close(memory_client& from) {
    while (const auto message = from.next())
        if (message->op == opcode::close) return message->code;
    return close_code::abnormal;
}

}  // namespace
