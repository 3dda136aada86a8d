#pragma once

#include <unistd.h>

#include <array>
#include <string>

namespace millrace::detail {

/// What the machine is called, with or without a domain; empty where that is not to be had.
[[nodiscard]] inline std::string host_name() {
    std::array<char, 256> name{};  // POSIX: at most 255 bytes
    if (::gethostname(name.data(), name.size() - 1) != 0) return {};
    return name.data();
}

}  // namespace millrace::detail
