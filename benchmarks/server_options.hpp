#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

/// `--port N --loops N` of a server under load.
struct server_options {
    std::uint16_t port = 0;
    std::size_t loops = 1;

    server_options(int argc, char** argv) {
        for (int i = 1; i + 1 < argc; i += 2) {
            const std::string_view name = argv[i];
            const auto value = static_cast<std::uint16_t>(std::atoi(argv[i + 1]));
            if (name == "--port") port = value;
            if (name == "--loops") loops = value;
        }
    }
};
