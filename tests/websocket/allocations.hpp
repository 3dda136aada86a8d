#pragma once

#include <cstddef>

namespace millrace::websocket::tests {

/// What operator new has given out in this program so far (`counted_new.hpp`).
struct allocations {
    std::size_t count = 0;
    std::size_t bytes = 0;
};
allocations allocations_so_far() noexcept;

}  // namespace millrace::websocket::tests
