#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// What an outbox needs to know of a message.
struct message {
    std::string text{};
    std::uint64_t about = 0;

    [[nodiscard]] std::string_view bytes() const noexcept { return text; }
    [[nodiscard]] std::size_t size() const noexcept { return text.size(); }
    [[nodiscard]] std::uint64_t subject() const noexcept { return about; }
    [[nodiscard]] std::size_t shared_bytes() const noexcept { return text.size(); }
    void set_subject(std::uint64_t subject) noexcept { about = subject; }
};
