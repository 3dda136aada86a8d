#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>

namespace load {

struct options {
    std::uint16_t port = 0;
    int pid = 0;
    std::size_t connections = 4;
    std::size_t depth = 1;            // messages under way on a connection
    std::size_t milliseconds = 1000;  // to measure, behind a tenth for the server to warm up
    std::size_t messages = 1'000'000;
    bool is_ascii = true;
    std::string path = "/echo";  // of echo
    std::uint64_t seed = 1;
};

/// Of `--name value` pairs.
inline options parse(int argc, char** argv) {
    options result;
    const std::map<std::string, std::function<void(const std::string&)>> setters{
        {"--port", [&](const auto& v) { result.port = static_cast<std::uint16_t>(std::stoul(v)); }},
        {"--pid", [&](const auto& v) { result.pid = std::stoi(v); }},
        {"--connections", [&](const auto& v) { result.connections = std::stoul(v); }},
        {"--depth", [&](const auto& v) { result.depth = std::stoul(v); }},
        {"--milliseconds", [&](const auto& v) { result.milliseconds = std::stoul(v); }},
        {"--messages", [&](const auto& v) { result.messages = std::stoul(v); }},
        {"--text", [&](const auto& v) { result.is_ascii = v == "ascii"; }},
        {"--path", [&](const auto& v) { result.path = v; }},
        {"--seed", [&](const auto& v) { result.seed = std::stoull(v); }},
    };
    for (int i = 0; i < argc; i += 2) {
        const auto setter = setters.find(argv[i]);
        if (setter == setters.end() || i + 1 == argc)
            throw std::runtime_error("unknown option or no value: " + std::string(argv[i]));
        setter->second(argv[i + 1]);
    }
    if (result.port == 0 || result.pid == 0 || result.connections == 0 || result.depth == 0)
        throw std::runtime_error("needs --port and --pid, a connection and a message");
    return result;
}

}  // namespace load
