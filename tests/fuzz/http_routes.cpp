// Bytes that an endpoint gets from a client, in any pieces: it answers HTTP, and nothing is left.

#include <string>
#include <string_view>

#include <asio/io_context.hpp>

#include <millrace/analyzers/mean.hpp>
#include <millrace/endpoint/endpoint.hpp>
#include <millrace/operators/key_by.hpp>
#include <millrace/pipeline/process.hpp>
#include <millrace/pipeline/run.hpp>
#include <millrace/storage/memory.hpp>
#include <millrace/testing/memory_client.hpp>
#include <millrace/transport/memory.hpp>
#include <millrace/windows/tumbling.hpp>

#include "fuzz.hpp"
#include "trade.hpp"

using namespace millrace;

namespace {

auto means() {
    using namespace std::chrono_literals;
    return from<trade>("trades") | key_by(&trade::symbol) | window(tumbling{1s}, drop_late) |
           process<mean<&trade::price>, memory_storage>() | publish("means");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::input input{data, size};
    const unsigned seed = input.byte();
    asio::io_context io;
    memory wire;
    endpoint<memory, open_guard, prometheus_metrics, manual_clock> server{io, {}, wire};
    server.serve(means(), {.duplex_path = "/ws"});
    testing::memory_client client{io, wire};
    fuzz::in_chunks(input.rest(), seed, [&](std::string_view chunk, bool) {
        client.send_raw(chunk);
        return !client.is_ended();
    });
    const auto output = client.take_raw();
    fuzz::require(output.empty() || output.starts_with("HTTP/1.1 "), "what is said is HTTP");
    client.close();
    fuzz::require(server.snapshot().counters.connections == 0, "no connection is left");
    return 0;
}
