// Messages as they are on an endpoint, for benchmarks/load. See beast_raw.cpp.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include <millrace/millrace.hpp>

namespace {

using namespace millrace;

struct subscribe {
    topic& updates;

    void on_open(connection& to) { to.follow(updates, {}); }
    void operator()(connection&, std::string_view) {}
};

}  // namespace

int main(int argc, char** argv) {
    std::uint16_t port = 0;
    if (argc == 3 && std::string_view{argv[1]} == "--port") {
        port = static_cast<std::uint16_t>(std::atoi(argv[2]));
    }

    topic updates{"updates", {}};
    endpoint<tcp> server{{.port = port,
                          .address = "127.0.0.1",
                          .max_connections = 20'000,
                          .max_connections_per_address = 20'000,
                          .max_control_frames_per_second = 1'000'000}};
    server.on_message("/ingest", [](connection&, std::string_view) {});
    server.on_message("/echo", [](connection& from, std::string_view text) { from.send(text); });
    server.on_message("/publish", [&](connection& from, std::string_view text) {
        updates.publish([&] { return from.frames().make(websocket::opcode::text, text); },
                        [](std::string&) {});
    });
    server.on_message("/fanout", subscribe{updates});
    std::printf("port %d\n", server.port());
    std::fflush(stdout);
    server.run();
}
