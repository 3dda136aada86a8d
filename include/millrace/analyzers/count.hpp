#pragma once

#include <cstdint>

#include <millrace/core/fixed_string.hpp>

namespace millrace {

/// How many events there were, whatever is in them; 0 of none. Exact, merges exactly, 8 bytes.
class count {
public:
    static constexpr fixed_string name = "count";
    static constexpr bool retracts_exactly = true;

    template <class Event>
    constexpr void update(const Event&) noexcept {
        ++count_;
    }

    template <class Event>
    constexpr void retract(const Event&) noexcept {
        --count_;
    }

    constexpr void merge(const count& other) noexcept { count_ += other.count_; }

    [[nodiscard]] constexpr std::uint64_t result() const noexcept { return count_; }

    template <class Archive>
    void archive(Archive& ar) {
        ar.version(1);
        ar(count_);
    }

private:
    std::uint64_t count_ = 0;
};

}  // namespace millrace
