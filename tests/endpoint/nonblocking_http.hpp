#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>

#include "nonblocking_socket.hpp"

namespace {

/// An HTTP client on one connection that it keeps: see `nonblocking_socket`.
class nonblocking_http final : public nonblocking_socket {
public:
    explicit nonblocking_http(std::uint16_t port) : nonblocking_socket{port} {}

    /// Called for each answer.
    std::function<void(int status, std::string_view body)> on_answer;

    void send(std::string_view text) { out_ += text; }

private:
    void parse() override {
        while (true) {
            const auto end = in_.find("\r\n\r\n");
            if (end == std::string::npos) return;
            const auto at_length = in_.find("Content-Length: ");
            const std::size_t length =
                at_length < end ? std::strtoull(in_.c_str() + at_length + 16, nullptr, 10) : 0;
            if (in_.size() < end + 4 + length) return;
            const std::string answer = in_.substr(0, end + 4 + length);
            in_.erase(0, answer.size());
            on_answer(std::atoi(answer.c_str() + 9), std::string_view{answer}.substr(end + 4));
        }
    }
};

}  // namespace
