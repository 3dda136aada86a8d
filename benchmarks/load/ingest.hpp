#pragma once

#include <cstddef>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "client.hpp"
#include "measure.hpp"
#include "payload.hpp"

namespace load {

/// Texts that get no answer. They are written in rounds: a round ends with a ping on every
/// connection, and one round is under way while the pongs of the one before are awaited.
inline void ingest(const options& settings) {
    std::mt19937_64 random(settings.seed);
    const std::size_t frames_a_round = 2000;
    std::vector<std::string> frames;
    std::vector<std::unique_ptr<client>> clients;
    for (std::size_t i = 0; i != settings.connections; ++i) {
        frames.push_back(make_frames(random, frames_a_round, settings.is_ascii));
        clients.push_back(std::make_unique<client>(settings.port, "/ingest"));
    }

    std::size_t round = 0;
    const auto await_pongs = [&](std::size_t of) {
        for (auto& each : clients) each->await_pong(of);
    };
    measure(settings, [&](clock::time_point until) {
        const std::size_t first = round;
        while (round == first || clock::now() < until) {
            for (std::size_t i = 0; i != clients.size(); ++i) {
                clients[i]->write(frames[i]);
                clients[i]->ping(round);
            }
            if (round > first) await_pongs(round - 1);
            ++round;
        }
        await_pongs(round - 1);
        return (round - first) * clients.size() * frames_a_round;
    });
    std::printf("\n");
}

}  // namespace load
