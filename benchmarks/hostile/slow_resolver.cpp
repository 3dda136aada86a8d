// What a client suffers whose resolver takes 3 s for each name, and whose host's first address
// swallows packets.
//
//     c++ -std=c++20 -O2 -DASIO_STANDALONE -DASIO_NO_DEPRECATED -I include slow_resolver.cpp
//     ./a.out
//
// Says how long a connection to a numeric address takes meanwhile, how long the io_context's end,
// and how long connecting to the second address, of which it waits for 10 s at most.
#include <netdb.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>

#include <millrace/transport/tcp.hpp>

namespace {

using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;
using acceptor = asio::ip::tcp::acceptor;

std::chrono::milliseconds resolving = 3s;
std::vector<asio::ip::tcp::endpoint> addresses;

double milliseconds_since(clock_type::time_point begin) {
    return std::chrono::duration<double, std::milli>(clock_type::now() - begin).count();
}

/// A flag that is set when the attempt is over.
std::function<void()> connect(asio::io_context& io, const char* host, std::uint16_t port,
                              bool& is_over) {
    return millrace::tcp{}.async_connect(
        io, {.host = host, .port = port},
        [&is_over](std::error_code, millrace::tcp_stream) { is_over = true; });
}

}  // namespace

/// Take the place of the C library's.
extern "C" int getaddrinfo(const char*, const char*, const addrinfo*, addrinfo** found) {
    std::this_thread::sleep_for(resolving);
    *found = nullptr;
    addrinfo** last = found;
    for (const auto& each : addresses) {
        auto* const made = static_cast<addrinfo*>(std::calloc(1, sizeof(addrinfo) + each.size()));
        made->ai_family = AF_INET;
        made->ai_socktype = SOCK_STREAM;
        made->ai_protocol = IPPROTO_TCP;
        made->ai_addrlen = static_cast<socklen_t>(each.size());
        made->ai_addr = reinterpret_cast<sockaddr*>(made + 1);
        std::memcpy(made->ai_addr, each.data(), each.size());
        *last = made;
        last = &made->ai_next;
    }
    return 0;
}

extern "C" void freeaddrinfo(addrinfo* first) {
    while (first != nullptr) std::free(std::exchange(first, first->ai_next));
}

int main() {
    asio::io_context peers;
    acceptor healthy{peers, {asio::ip::make_address("127.0.0.1"), 0}};
    const auto port = healthy.local_endpoint().port();

    bool is_slow_over = false, is_over = false;
    std::optional<asio::io_context> io{std::in_place};
    connect(*io, "slow.example", port, is_slow_over);
    io->poll();
    auto begin = clock_type::now();
    connect(*io, "127.0.0.1", port, is_over);
    while (!is_over) io->run_one();
    std::printf("a numeric neighbour connected after %.1f ms\n", milliseconds_since(begin));

    connect(*io, "slow.example", port, is_slow_over);
    io->poll();
    begin = clock_type::now();
    io.reset();
    std::printf("the io_context was destroyed after %.1f ms\n", milliseconds_since(begin));

    // It listens, and its queue is full.
    acceptor silent{peers, asio::ip::tcp::v4()};
    silent.bind({asio::ip::make_address("127.0.0.2"), port});
    silent.listen(0);
    std::vector<asio::ip::tcp::socket> waiting;
    for (int i = 0; i != 4; ++i)
        waiting.emplace_back(peers).async_connect(silent.local_endpoint(), [](std::error_code) {});
    peers.poll();

    resolving = 0s;
    addresses = {silent.local_endpoint(), healthy.local_endpoint()};
    asio::io_context last;
    is_over = false;
    begin = clock_type::now();
    const auto cancel = connect(last, "two.example", port, is_over);
    while (!is_over && milliseconds_since(begin) < 10'000) {
        last.restart();
        last.run_for(50ms);
    }
    std::printf("the second address: %s after %.1f ms\n", is_over ? "connected" : "nothing",
                milliseconds_since(begin));
    std::fflush(stdout);
    ::_exit(0);
}
