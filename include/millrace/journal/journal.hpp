#pragma once

#include <concepts>
#include <string_view>
#include <system_error>

namespace millrace {

/// The Journal policy: where a running pipeline keeps its input.
///
/// | member                                  | meaning                                            |
/// |-----------------------------------------|----------------------------------------------------|
/// | `void begin(std::string_view head)`     | once, before all else: what says whose input it is |
/// | `void append(std::string_view block)`   | behind all blocks before it, whole or not at all   |
/// | `std::error_code error() const`         | why nothing more is kept; no error while all is    |
///
/// Called in the pipeline's thread; after an error a call does nothing. Moves, and what is appended
/// is no longer needed behind the call.
template <class T>
concept journal = std::movable<T> && requires(T& to, const T& of, std::string_view bytes) {
    to.begin(bytes);
    to.append(bytes);
    { of.error() } -> std::same_as<std::error_code>;
};

/// Keeps nothing, and costs nothing.
struct null_journal {
    void begin(std::string_view) noexcept {}
    void append(std::string_view) noexcept {}
    [[nodiscard]] std::error_code error() const noexcept { return {}; }
};
static_assert(journal<null_journal>);

}  // namespace millrace
