#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <vector>

#include "client.hpp"
#include "measure.hpp"
#include "payload.hpp"

namespace load {

/// What a connection costs that has been opened, has echoed one text and stays: resident memory of
/// the process, so without what the kernel keeps for the socket, and CPU time.
inline void idle(const options& settings) {
    std::mt19937_64 random(settings.seed);
    const std::string frame = make_frames(random, 1, settings.is_ascii);
    const server_process server(settings.pid);
    std::vector<std::unique_ptr<client>> clients;
    const auto open = [&](std::size_t count) {
        for (; count != 0; --count) {
            clients.push_back(std::make_unique<client>(settings.port, "/echo"));
            clients.back()->write(frame);
            clients.back()->await_texts(1);
        }
    };

    open(100);  // What the server allocates once is not a connection's.
    const std::size_t memory = server.resident_bytes();
    const std::uint64_t cpu = server.cpu_ns();
    open(settings.connections);
    const auto count = static_cast<double>(settings.connections);
    std::printf("cpu_ns %.1f bytes %.0f rss_kb %zu\n",
                static_cast<double>(server.cpu_ns() - cpu) / count,
                static_cast<double>(server.resident_bytes() - memory) / count,
                server.resident_bytes() / 1024);
}

}  // namespace load
