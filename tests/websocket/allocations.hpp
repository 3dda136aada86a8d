#pragma once

#include <cstddef>

#include "counted_new.hpp"

namespace millrace::websocket::tests {

/// What operator new has given out in this program so far.
struct allocations {
    std::size_t count = 0;
    std::size_t bytes = 0;
};
inline allocations allocations_so_far() noexcept { return {allocation_count, allocated_bytes}; }

}  // namespace millrace::websocket::tests
