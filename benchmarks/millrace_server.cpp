// The pipeline of the README, without its storage, on an endpoint. See handwritten_websocketpp.cpp.
#include <cstdio>

#include <millrace/millrace.hpp>

#include "server_options.hpp"
#include "trade.hpp"

int main(int argc, char** argv) {
    using namespace millrace;
    using namespace std::chrono_literals;

    const server_options asked{argc, argv};

    auto bars = from<trade>("trades", disorder{250ms}) |
                filter([](const trade& t) { return t.size > 0; }) | key_by(&trade::symbol) |
                window(tumbling{1s}, drop_late) | process<ohlc<&trade::price, &trade::size>>() |
                publish("bars");

    // The load generator's barriers are pings.
    endpoint<tcp> server{{.port = asked.port,
                          .address = "127.0.0.1",
                          .loops = asked.loops,
                          .max_control_frames_per_second = 1'000'000}};
    server.serve(std::move(bars));
    std::printf("port %d\n", server.port());
    std::fflush(stdout);
    server.run();
}
