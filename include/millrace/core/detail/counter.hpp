#pragma once

#include <atomic>
#include <cstdint>

namespace millrace::detail {

/// A number that one thread changes and any thread may read; as cheap as a plain one.
class counter {
public:
    counter& operator=(std::uint64_t value) noexcept {
        value_.store(value, std::memory_order_relaxed);
        return *this;
    }
    counter& operator+=(std::uint64_t more) noexcept {
        value_.store(value_.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
        return *this;
    }
    counter& operator++() noexcept { return *this += 1; }
    counter& operator--() noexcept { return *this += static_cast<std::uint64_t>(-1); }

    operator std::uint64_t() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_{0};
};

}  // namespace millrace::detail
