#pragma once

#include <cstdio>
#include <string_view>

namespace millrace::detail {

/// Standard error, for a `line_writer`.
struct stderr_sink {
    [[nodiscard]] bool write(std::string_view lines) const {
        return std::fwrite(lines.data(), 1, lines.size(), stderr) == lines.size();
    }
    void reopen() const {}
};

}  // namespace millrace::detail
