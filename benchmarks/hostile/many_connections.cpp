// What one address can hold of an endpoint that allows it 5 connections, and whether another one is
// served meanwhile: 100 connections kept alive behind a /healthz, 95 unfinished heads, then 400
// silent ones against 300 handshakes at a time.
//
//     g++ -std=c++20 -O1 -DASIO_STANDALONE -I include benchmarks/hostile/many_connections.cpp

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <millrace/endpoint/endpoint.hpp>

namespace {

using namespace std::chrono_literals;

sockaddr_in address_of(const char* text, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    ::inet_pton(AF_INET, text, &address.sin_addr);
    return address;
}

/// A connection from `from`, which sends `bytes`.
int connect(const char* from, std::uint16_t port, std::string_view bytes) {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    const timeval patience{2, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    const auto own = address_of(from, 0), server = address_of("127.0.0.1", port);
    ::bind(fd, reinterpret_cast<const sockaddr*>(&own), sizeof own);
    ::connect(fd, reinterpret_cast<const sockaddr*>(&server), sizeof server);
    if (!bytes.empty()) ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return fd;
}

std::string status(const char* from, std::uint16_t port) {
    const int fd = connect(from, port, "GET /api/topics HTTP/1.1\r\nHost: x\r\n\r\n");
    char answer[12];
    const bool is_answered = ::recv(fd, answer, sizeof answer, MSG_WAITALL) == sizeof answer;
    ::close(fd);
    return is_answered ? std::string(answer + 9, 3) : "no answer";
}

void run(const char* what, millrace::endpoint_options options, int kept, int unfinished,
         int silent) {
    millrace::endpoint<millrace::tcp> server{options};
    std::thread thread{[&] { server.run(); }};
    std::vector<int> all;
    for (int i = 0; i != kept; ++i)
        all.push_back(
            connect("127.0.0.1", server.port(), "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"));
    for (int i = 0; i != unfinished; ++i)
        all.push_back(connect("127.0.0.1", server.port(), "GET / HTTP/1.1\r\n"));
    for (int i = 0; i != silent; ++i) all.push_back(connect("127.0.0.1", server.port(), {}));
    std::this_thread::sleep_for(500ms);  // for the answers, within the time that a head has
    int held = 0;
    for (const int fd : all) {
        char bytes[4096];
        ssize_t size;
        do size = ::recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
        while (size > 0);
        held += size < 0 && errno == EAGAIN;
    }
    const auto other = status("127.0.0.2", server.port());
    std::printf("%s: %d of %zu connections of one address held; another address gets %s\n", what,
                held, all.size(), other.c_str());
    for (const int fd : all) ::close(fd);
    server.stop();
    thread.join();
}

}  // namespace

int main() {
    millrace::endpoint_options options{.port = 0, .address = "127.0.0.1", .handle_signals = false};
    options.max_connections_per_address = 5;
    run("100 kept alive, 95 unfinished heads, limit 5", options, 100, 95, 0);
    options = {.port = 0, .address = "127.0.0.1", .handle_signals = false};
    options.max_handshakes = 300;
    run("400 silent, 300 handshakes at a time", options, 0, 0, 400);
}
