#pragma once

#include <vector>

#include <millrace/endpoint/topic.hpp>

/// Keeps what a topic gives it.
struct listener final : millrace::detail::subscriber {
    std::vector<millrace::websocket::frame> got;

    bool deliver(const millrace::websocket::frame& message, millrace::overflow_policy) override {
        got.push_back(message);
        return true;
    }
};
