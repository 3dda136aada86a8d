// The pipeline of the README, without its storage, on an endpoint. See handwritten_websocketpp.cpp.
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include <millrace/millrace.hpp>

#include "trade.hpp"

int main(int argc, char** argv) {
    using namespace millrace;
    using namespace std::chrono_literals;

    std::uint16_t port = 0;
    std::size_t loops = 1;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string_view name = argv[i];
        const auto value = static_cast<std::uint16_t>(std::atoi(argv[i + 1]));
        if (name == "--port") port = value;
        if (name == "--loops") loops = value;
    }

    auto bars = from<trade>("trades") | filter([](const trade& t) { return t.size > 0; }) |
                key_by(&trade::symbol) | window(tumbling{1s}, disorder{250ms}, drop_late) |
                process<ohlc<&trade::price, &trade::size>>() | publish("bars");

    // The load generator's barriers are pings.
    endpoint<tcp> server{{.port = port,
                          .address = "127.0.0.1",
                          .loops = loops,
                          .max_control_frames_per_second = 1'000'000}};
    server.serve(std::move(bars));
    std::printf("port %d\n", server.port());
    std::fflush(stdout);
    server.run();
}
