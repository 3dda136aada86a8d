#pragma once

#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <string>

namespace {

/// What is written to standard error while it lives.
class captured_stderr {
public:
    captured_stderr() : file_{std::tmpfile()}, saved_{::dup(STDERR_FILENO)} {
        ::dup2(::fileno(file_), STDERR_FILENO);
    }
    ~captured_stderr() {
        ::dup2(saved_, STDERR_FILENO);
        ::close(saved_);
        std::fclose(file_);
    }
    [[nodiscard]] std::string text() const {
        std::string out(64 * 1024, '\0');
        const auto size = ::pread(::fileno(file_), out.data(), out.size(), 0);
        out.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
        return out;
    }

private:
    std::FILE* file_;
    int saved_;
};

}  // namespace
