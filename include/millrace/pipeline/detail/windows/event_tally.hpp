#pragma once

#include <cstdint>

namespace millrace::detail {

/// How many events a cell holds, where some may be taken back; else it is only there with one.
template <bool IsUpdating>
struct event_tally {
    void add() noexcept {}
    void remove() noexcept {}
    void merge(event_tally) noexcept {}
    [[nodiscard]] bool none() const noexcept { return false; }
    template <class Archive>
    void archive(Archive&) noexcept {}
};
template <>
struct event_tally<true> {
    std::uint64_t count = 0;

    void add() noexcept { ++count; }
    void remove() noexcept { --count; }
    void merge(event_tally other) noexcept { count += other.count; }
    [[nodiscard]] bool none() const noexcept { return count == 0; }
    template <class Archive>
    void archive(Archive& ar) {
        ar(count);
    }
};

}  // namespace millrace::detail
