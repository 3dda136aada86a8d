#pragma once

#include <cstddef>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

#include "client_group.hpp"
#include "measure.hpp"
#include "payload.hpp"

namespace load {

/// Every connection writes `depth` texts at once and, as soon as it has all of them back, again.
inline void echo(const options& settings) {
    std::mt19937_64 random(settings.seed);
    const std::string frames = make_frames(random, settings.depth, settings.is_ascii);
    client_group clients(settings.port, settings.path, settings.connections);
    std::vector<clock::time_point> sent(clients.size());
    std::vector<clock::duration> times;

    const auto send = [&](std::size_t i) {
        sent[i] = clock::now();
        clients[i].write(frames);
    };
    measure(settings, [&](clock::time_point until) {
        times.clear();
        for (std::size_t i = 0; i != clients.size(); ++i) send(i);
        for (std::size_t waiting = clients.size(); waiting != 0;) {
            clients.wait([&](std::size_t i, const client& ready) {
                if (ready.texts() % settings.depth != 0) return;
                const auto now = clock::now();
                times.push_back(now - sent[i]);
                if (now < until) {
                    send(i);
                } else {
                    --waiting;
                }
            });
        }
        return times.size() * settings.depth;
    });

    std::printf(" p50_us %.1f p99_us %.1f p999_us %.1f\n", quantile(times, 0.5),
                quantile(times, 0.99), quantile(times, 0.999));
    for (std::size_t i = 0; i != clients.size(); ++i)
        if (clients[i].text_bytes() != clients[i].texts() * payload_bytes)
            throw std::runtime_error("what comes back is not what was sent");
}

}  // namespace load
