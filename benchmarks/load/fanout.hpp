#pragma once

#include <cstddef>
#include <cstdio>
#include <stdexcept>
#include <string>

#include "client_group.hpp"
#include "measure.hpp"
#include "payload.hpp"

namespace load {

/// One publisher writes `depth` updates at once and, as soon as every subscriber has all of them,
/// again. A message is one update at one subscriber.
inline void fanout(const options& settings) {
    std::mt19937_64 random(settings.seed);
    const std::string updates = make_frames(random, settings.depth, settings.is_ascii);
    client_group subscribers(settings.port, "/fanout", settings.connections);
    client publisher(settings.port, "/publish");
    for (std::size_t i = 0; i != subscribers.size(); ++i) {
        subscribers[i].ping(0);
        subscribers[i].await_pong(0);
    }

    measure(settings, [&](clock::time_point until) {
        std::size_t messages = 0;
        do {
            publisher.write(updates);
            for (std::size_t waiting = subscribers.size(); waiting != 0;)
                subscribers.wait([&](std::size_t, const client& ready) {
                    if (ready.texts() % settings.depth == 0) --waiting;
                });
            messages += settings.depth * subscribers.size();
        } while (clock::now() < until);
        return messages;
    });
    std::printf("\n");
    for (std::size_t i = 0; i != subscribers.size(); ++i)
        if (subscribers[i].texts() != subscribers[0].texts() ||
            subscribers[i].text_bytes() != subscribers[i].texts() * payload_bytes)
            throw std::runtime_error("a subscriber did not get what was published");
}

}  // namespace load
