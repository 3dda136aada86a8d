// What a record costs the server where followers are slow, or differ in their compression.
//
//     c++ -std=c++20 -O2 -DASIO_STANDALONE -DASIO_NO_DEPRECATED -Iinclude slow_followers.cpp -lz
//     ./a.out
//
// 60 followers that never read a conflating topic of 5,000 keys; then 200 followers that read and
// take compressed frames, without and with one more who asked for a window of 512 bytes. All is in
// memory and in one thread; clients that read are part of the cost.
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <asio/io_context.hpp>

#include <millrace/endpoint/endpoint.hpp>
#include <millrace/testing/memory_client.hpp>
#include <millrace/transport/memory.hpp>
#include <millrace/websocket/permessage_deflate.hpp>

namespace {

using namespace millrace;
using clock_type = std::chrono::steady_clock;

std::string record(unsigned n) {
    return R"({"symbol":"K)" + std::to_string(n % 5'000) + R"(","price":)" + std::to_string(n) +
           R"(.25,"volume":1200,"open":)" + std::to_string(n / 7) + R"(,"note":"some more text"})";
}

double us_since(clock_type::time_point start, unsigned records) {
    return std::chrono::duration<double, std::micro>(clock_type::now() - start).count() / records;
}

void slow_readers() {
    asio::io_context io;
    memory wire;
    endpoint<memory> server{io, {}, wire};
    auto& topic = server.add_topic("t", {.when_full = {{"t", overflow_policy::conflate}}});
    std::vector<std::unique_ptr<testing::memory_client>> readers;
    for (int i = 0; i != 60; ++i) {
        readers.push_back(std::make_unique<testing::memory_client>(
            io, wire, memory_stream_options{.capacity_bytes = 16 * 1024}));
        readers.back()->upgrade("/t");
        readers.back()->stall();
    }
    unsigned n = 0;
    const auto publish = [&](unsigned count) {
        for (const unsigned end = n + count; n != end; ++n) {
            const auto text = record(n);
            server.publish(topic, text, std::to_string(n % 5'000));
            if (n % 64 == 0) io.restart(), io.poll();
        }
    };
    publish(15'000);  // until all of them are congested
    const auto start = clock_type::now();
    publish(5'000);
    std::printf("60 slow readers, conflating: %.1f us a record\n", us_since(start, 5'000));
}

void compressed(bool has_small_window) {
    asio::io_context io;
    memory wire;
    endpoint_options options;
    options.compression = std::make_shared<websocket::permessage_deflate>();
    endpoint<memory> server{io, options, wire};
    auto& topic = server.add_topic("t");
    const websocket::permessage_deflate usual;
    websocket::deflate_options settings;
    settings.server_max_window_bits = 9;
    const websocket::permessage_deflate small{settings};
    std::vector<std::unique_ptr<testing::memory_client>> readers;
    const auto add = [&](const websocket::compression& with) {
        readers.push_back(std::make_unique<testing::memory_client>(
            io, wire, memory_stream_options{.capacity_bytes = 16 * 1024 * 1024}));
        readers.back()->upgrade("/t", {}, &with);
        readers.back()->stall();
    };
    if (has_small_window) add(small);
    for (int i = 0; i != 200; ++i) add(usual);
    const auto start = clock_type::now();
    for (unsigned n = 0; n != 1'000; ++n) {
        std::string text = "[";
        for (unsigned i = 0; i != 10; ++i) text += record(n * 10 + i) + ",";
        server.publish(topic, text, "k");
        io.restart(), io.poll();
    }
    std::printf("200 compressed followers%s: %.1f us a record\n",
                has_small_window ? " and one of a small window" : "", us_since(start, 1'000));
}

}  // namespace

int main() {
    slow_readers();
    compressed(false);
    compressed(true);
}
