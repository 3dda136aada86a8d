// What memory.py attacks: two loops, a folder of files, and a pipeline whose history is kept.
//
//     c++ -std=c++20 -O2 -DASIO_STANDALONE -DASIO_NO_DEPRECATED -DMILLRACE_WITH_DEFLATE=1
//         -Iinclude -Ibenchmarks benchmarks/hostile/memory_server.cpp -o memory_server -lz
//         -lpthread
#include <cstdio>
#include <memory>

#include <millrace/millrace.hpp>
#include <millrace/websocket/permessage_deflate.hpp>

#include "trade.hpp"

int main(int, char** argv) {
    using namespace std::chrono_literals;

    auto bars =
        millrace::from<trade>("trades") | millrace::key_by(&trade::symbol) |
        millrace::window(millrace::tumbling{1s}, millrace::drop_late) |
        millrace::process<millrace::ohlc<&trade::price, &trade::size>, millrace::memory_storage>(
            {.capacity = 10'000}) |
        millrace::publish("bars");
    millrace::endpoint_options options;
    options.port = 0;
    options.address = "127.0.0.1";
    options.loops = 2;
    options.compression = std::make_shared<millrace::websocket::permessage_deflate>();
    options.max_connections_per_address = 10'000;
    millrace::endpoint<> server{options};
    server.files("/", argv[1]);
    server.serve(std::move(bars));
    std::printf("port %d\n", server.port());
    std::fflush(stdout);
    server.run();
}
