#pragma once

#include <string_view>

#include <millrace/pipeline/key_limits.hpp>

namespace millrace::detail {

/// How many keys a stage notes something of that lets through a part of its stream: those that were
/// not seen for longest make room.
template <class... Options>
[[nodiscard]] key_limits gate_limits([[maybe_unused]] std::string_view stage,
                                     const Options&... options) {
    key_limits limits{.evicts = true};
    (limits.set(options, stage), ...);
    return limits;
}

}  // namespace millrace::detail
