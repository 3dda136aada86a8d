#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <utility>

namespace millrace::detail {

/// A file descriptor that is kept for the moment when the process has no other left.
class reserve_descriptor {
public:
    reserve_descriptor() { take(); }
    reserve_descriptor(reserve_descriptor&& other) noexcept
        : descriptor_{std::exchange(other.descriptor_, none)} {}
    reserve_descriptor& operator=(reserve_descriptor&& other) noexcept {
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }
    ~reserve_descriptor() { release(); }

    void take() noexcept {
        if (descriptor_ == none) descriptor_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    }

    void release() noexcept {
        if (descriptor_ != none) ::close(std::exchange(descriptor_, none));
    }

    [[nodiscard]] bool is_held() const noexcept { return descriptor_ != none; }

private:
    static constexpr int none = -1;
    int descriptor_ = none;
};

}  // namespace millrace::detail
