// Messages as they are on an endpoint, for benchmarks/load. See beast_raw.cpp.
#include <cstdint>
#include <cstdio>
#include <string_view>

#include <millrace/millrace.hpp>

#include "server_options.hpp"

namespace {

using namespace millrace;

/// Some 20 us of a handler's own work.
std::uint64_t work(std::string_view text) {
    std::uint64_t hash = 14'695'981'039'346'656'037u;
    for (int round = 0; round < 100; ++round)
        for (const char c : text)
            hash = (hash ^ static_cast<unsigned char>(c)) * 1'099'511'628'211u;
    return hash;
}

}  // namespace

int main(int argc, char** argv) {
    const server_options asked{argc, argv};

    endpoint<tcp> server{{.port = asked.port,
                          .address = "127.0.0.1",
                          .loops = asked.loops,
                          .max_connections = 20'000,
                          .max_handshakes = 20'000,
                          .max_connections_per_address = 20'000,
                          .max_handshakes_per_address = 20'000,
                          .max_control_frames_per_second = 1'000'000}};
    auto& updates = server.add_topic("fanout");
    server.on_message("/ingest", [](connection&, std::string_view) {});
    server.on_message("/echo", [](connection& from, std::string_view text) { from.send(text); });
    server.on_message("/work", [](connection& from, std::string_view text) {
        if (work(text) != 0) from.send(text);
    });
    server.on_message("/publish",
                      [&](connection&, std::string_view text) { server.publish(updates, text); });
    std::printf("port %d\n", server.port());
    std::fflush(stdout);
    server.run();
}
