#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "client.hpp"
#include "measure.hpp"
#include "payload.hpp"

namespace load {

constexpr std::size_t trades_a_round = 2000;  // on one connection

/// Trades of random symbols whose prices walk, 5 microseconds of event time apart: what each
/// connection writes in each round.
inline std::vector<std::vector<std::string>> make_trades(const options& settings) {
    constexpr std::size_t symbols = 100;
    std::mt19937_64 random(settings.seed);
    std::vector<std::uint64_t> cents(symbols, 10'000);
    std::int64_t time = 1'700'000'000'000'000'000;

    const std::size_t a_round = trades_a_round * settings.connections;
    std::vector<std::vector<std::string>> result((settings.messages + a_round - 1) / a_round);
    for (std::size_t round = 0; round < result.size(); ++round) {
        result[round].resize(settings.connections);
        for (std::size_t i = 0; i < a_round; ++i) {
            if (round * a_round + i == settings.messages) break;
            const std::size_t symbol = random() % symbols;
            cents[symbol] = cents[symbol] - 5 + random() % 11;
            time += 5'000;

            std::array<char, payload_bytes + 1> text;
            const int size = std::snprintf(
                text.data(), text.size(),
                R"({"symbol":"SYM%04zu","price":%llu.%02llu,"size":%llu,"time":%lld,"venue":"XMIL","id":%zu,"flags":")",
                symbol, static_cast<unsigned long long>(cents[symbol] / 100),
                static_cast<unsigned long long>(cents[symbol] % 100),
                static_cast<unsigned long long>(1 + random() % 999), static_cast<long long>(time),
                100'000'000 + round * a_round + i);
            std::string payload(text.data(), static_cast<std::size_t>(size));
            payload.append(payload_bytes - 2 - payload.size(), '-').append("\"}");
            append_masked_frame(result[round][i % settings.connections], opcode::text, payload,
                                static_cast<std::uint32_t>(random()));
        }
    }
    return result;
}

/// Trades to a server that makes bars of them, for one subscriber. The rounds of `ingest` keep the
/// connections abreast, so that no trade comes late.
inline void trades(const options& settings) {
    const auto to_send = make_trades(settings);
    std::vector<std::unique_ptr<client>> clients;
    for (std::size_t i = 0; i < settings.connections; ++i)
        clients.push_back(std::make_unique<client>(settings.port, "/trades"));
    client subscriber(settings.port, "/bars");

    const auto await_all = [&](std::size_t round) {
        for (auto& each : clients) each->await_pong(round);
        while (subscriber.receive()) {
        }
    };

    const server_process server(settings.pid);
    const std::size_t warm_up = to_send.size() / 10;
    std::uint64_t cpu_before = 0;
    std::size_t messages = settings.messages;
    auto begin = clock::now();
    for (std::size_t round = 0; round < to_send.size(); ++round) {
        if (round == warm_up) {
            if (round > 0) await_all(round - 1);
            messages -= warm_up * trades_a_round * settings.connections;
            cpu_before = server.cpu_ns();
            begin = clock::now();
        }
        for (std::size_t i = 0; i < clients.size(); ++i) {
            clients[i]->write(to_send[round][i]);
            clients[i]->ping(round);
        }
        if (round > 0) await_all(round - 1);
    }
    await_all(to_send.size() - 1);

    const std::chrono::duration<double> elapsed = clock::now() - begin;
    const auto cpu = static_cast<double>(server.cpu_ns() - cpu_before);
    subscriber.ping(0);
    subscriber.await_pong(0);
    if (subscriber.texts() == 0) throw std::runtime_error("no bar has come");
    std::printf("cpu_ns %.1f per_second %.0f bars %zu\n", cpu / static_cast<double>(messages),
                static_cast<double>(messages) / elapsed.count(), subscriber.texts());
}

}  // namespace load
