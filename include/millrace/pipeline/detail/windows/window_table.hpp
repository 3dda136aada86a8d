#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <millrace/core/record.hpp>
#include <millrace/pipeline/detail/keys/key_table.hpp>
#include <millrace/pipeline/detail/windows/cell_triggers.hpp>
#include <millrace/pipeline/detail/windows/event_tally.hpp>

namespace millrace::detail {

/// One window of all its keys, in one table.
template <class Key, class Analyzer, bool IsUpdating = false, class Firing = firing<>>
struct window_table {
    struct cell {
        Key key{};
        [[no_unique_address]] Analyzer state{};
        [[no_unique_address]] event_tally<IsUpdating> events{};
        [[no_unique_address]] cell_triggers<Firing, Analyzer> triggers{};
        std::uint32_t published : 30 = 0;      ///< records so far
        std::uint32_t is_changed : 1 = false;  ///< since the last of them
        std::uint32_t is_given : 1 = false;    ///< to stages that count it

        template <class Archive>
        void archive(Archive& ar) {
            std::uint32_t said = published;
            bool changed = is_changed, given = is_given;
            ar(key, state, events, triggers, said, changed, given);
            published = said & 0x3FFF'FFFF;
            is_changed = changed;
            is_given = given;
        }
    };

    window_table() = default;
    explicit window_table(window_bounds of) { set_bounds(of); }

    [[nodiscard]] window_bounds bounds() const noexcept { return bounds_; }
    void set_bounds(window_bounds to) noexcept {
        bounds_ = to;
        size_ = static_cast<std::uint64_t>(to.end.time_since_epoch().count()) -
                static_cast<std::uint64_t>(to.start.time_since_epoch().count());
    }

    void clear() {
        cells.clear();
        is_fired = false;
        met = to_preview = 0;
    }

    [[nodiscard]] bool takes(timestamp time) const noexcept {
        const auto into = static_cast<std::uint64_t>(time.time_since_epoch().count()) -
                          static_cast<std::uint64_t>(bounds_.start.time_since_epoch().count());
        return into < size_;
    }

    template <class Archive>
    void archive(Archive& ar) {
        auto done = static_cast<std::uint64_t>(met);
        ar(bounds_, cells, is_fired, done);
        if constexpr (Archive::is_loading) {
            ar.require(bounds_.start < bounds_.end);
            set_bounds(bounds_);
            ar.require(done <= cells.size());
            met = static_cast<std::size_t>(done);
        }
    }

    key_table<Key, cell> cells{};
    bool is_fired = false;
    std::size_t met = 0;         ///< cells that have fired; behind that, that were concluded
    std::size_t to_preview = 0;  ///< the first cell that is not shown yet, where they are shown

private:
    window_bounds bounds_{};
    std::uint64_t size_ = 0;  ///< of the bounds
};

/// Panes that are done with, for others to come: what they hold is allocated already.
template <class Pane>
class spare_panes {
public:
    [[nodiscard]] Pane take(window_bounds bounds) {
        if (panes_.empty()) return Pane{bounds};
        Pane taken = std::move(panes_.back());
        panes_.pop_back();
        taken.set_bounds(bounds);
        return taken;
    }

    void put(Pane&& done) {
        done.clear();
        if (panes_.size() >= few_panes &&
            (panes_.size() == max_panes || bytes() + done.cells.bytes() > max_bytes))
            return;
        panes_.push_back(std::move(done));
    }

    [[nodiscard]] std::size_t bytes() const noexcept {
        std::size_t sum = panes_.capacity() * sizeof(Pane);
        for (const Pane& each : panes_) sum += each.cells.bytes();
        return sum;
    }

private:
    static constexpr std::size_t few_panes = 2;  // of any size
    static constexpr std::size_t max_panes = 16;
    static constexpr std::size_t max_bytes = std::size_t{1} << 18;

    std::vector<Pane> panes_;
};

}  // namespace millrace::detail
