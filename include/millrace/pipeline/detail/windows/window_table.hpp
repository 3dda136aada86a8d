#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

#include <millrace/core/record.hpp>
#include <millrace/pipeline/detail/keys/key_table.hpp>
#include <millrace/pipeline/detail/windows/cell_triggers.hpp>
#include <millrace/pipeline/detail/windows/event_tally.hpp>

namespace millrace::detail {

/// One window of all its keys, in one table. Where these are few it keeps them for the next window
/// that is made of it, in which most of them will come again: they need not be added then. Those
/// that have not come yet are `absent`; the others have an order, in which they came.
template <class Key, class Analyzer, bool IsUpdating = false, class Firing = firing<>>
struct window_table {
    static constexpr bool may_keep_keys = !IsUpdating && std::same_as<Firing, firing<>> &&
                                          !std::same_as<Key, no_key> &&
                                          std::is_nothrow_default_constructible_v<Analyzer> &&
                                          std::is_nothrow_move_assignable_v<Analyzer>;

    struct cell {
        Key key{};
        [[no_unique_address]] Analyzer state{};
        [[no_unique_address]] event_tally<IsUpdating> events{};
        [[no_unique_address]] cell_triggers<Firing, Analyzer> triggers{};
        std::uint32_t published : 29 = 0;      ///< records so far
        std::uint32_t is_changed : 1 = false;  ///< since the last of them
        std::uint32_t is_given : 1 = false;    ///< to stages that count it
        std::uint32_t is_noted : 1 = false;    ///< in the order, where there is one

        template <class Archive>
        void archive(Archive& ar) {
            std::uint32_t said = published;
            bool changed = is_changed, given = is_given;
            ar(key, state, events, triggers, said, changed, given);
            published = said & 0x1FFF'FFFF;
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

    /// How many keys have come, and the one that came as the `at`-th.
    [[nodiscard]] std::size_t size() const noexcept { return has_order_ ? count_ : cells.size(); }
    [[nodiscard]] cell& operator[](std::size_t at) noexcept {
        return cells[has_order_ ? order_[at] : static_cast<std::uint32_t>(at)];
    }
    [[nodiscard]] std::size_t bytes() const noexcept {
        return cells.bytes() + order_.capacity() * sizeof(std::uint32_t);
    }

    /// The cell of a key that comes, or null where that is not known.
    template <class Sought>
    [[nodiscard, gnu::always_inline]] cell* find(std::size_t hash, const Sought& key) noexcept {
        if constexpr (may_keep_keys) {
            return cells.find_and(hash, key, [this](std::uint32_t number, cell& found) {
                if (has_order_) note(number, found);
            });
        } else {
            return cells.find(hash, key);
        }
    }
    /// Adds one that is not known; null where so many have come.
    template <class Sought>
    [[nodiscard]] cell* add(std::size_t hash, const Sought& key, std::size_t limit) {
        if (size() >= limit) return nullptr;
        if constexpr (may_keep_keys) {
            if (cells.size() >= limit) forget_absent();
            if (has_order_) order_.resize(cells.size() + 2);
        }
        cell& added = cells.add(hash, key);
        if constexpr (may_keep_keys) {
            if (has_order_) note(cells.slots() - 1, added);
        }
        return &added;
    }
    [[nodiscard]] bool has_order() const noexcept { return has_order_; }

    /// For a window to come, of so many keys at most.
    void clear(std::size_t limit) noexcept {
        is_fired = false;
        met = to_preview = 0;
        if (!keep_keys(limit)) {
            clear_cells();
            has_order_ = false;
        }
        count_ = 0;
    }

    [[nodiscard]] bool takes(timestamp time) const noexcept {
        const auto into = static_cast<std::uint64_t>(time.time_since_epoch().count()) -
                          static_cast<std::uint64_t>(bounds_.start.time_since_epoch().count());
        return into < size_;
    }

    template <class Archive>
    void archive(Archive& ar) {
        if constexpr (may_keep_keys && !Archive::is_loading) forget_absent();
        auto done = static_cast<std::uint64_t>(met);
        ar(bounds_, cells, is_fired, done);
        if constexpr (Archive::is_loading) {
            ar.require(bounds_.start < bounds_.end);
            set_bounds(bounds_);
            ar.require(done <= cells.size() && cells.size() == cells.slots());
            met = static_cast<std::size_t>(done);
            has_order_ = false;
        }
    }

    key_table<Key, cell> cells{};
    bool is_fired = false;
    std::size_t met = 0;         ///< cells that have fired; behind that, that were concluded
    std::size_t to_preview = 0;  ///< the first cell that is not shown yet, where they are shown

private:
    /// Without a branch that a processor would guess wrong.
    [[gnu::always_inline]] void note(std::uint32_t number, cell& of) noexcept {
        const unsigned is_new = !of.is_noted;
        of.is_noted = true;
        order_[count_] = number;
        count_ += is_new;
    }

    void clear_cells() noexcept {
        if constexpr (may_keep_keys) {
            cells.clear(size());
        } else {
            cells.clear();
        }
    }

    bool keep_keys([[maybe_unused]] std::size_t limit) noexcept {
        if constexpr (may_keep_keys) {
            const std::size_t come = size();
            if (come == 0 || come < cells.size() / 2 || cells.size() > limit || cells.is_far() ||
                cells.is_oversized(come))
                return false;
            try {
                order_.resize(cells.size() + 1);
            } catch (const std::bad_alloc&) {
                return false;
            }
            for (std::uint32_t i = 0; i < cells.slots(); ++i) {
                cell& each = cells[i];
                each.state = Analyzer{};
                each.published = each.is_changed = each.is_given = each.is_noted = 0;
            }
            return has_order_ = true;
        } else {
            return false;
        }
    }

    void forget_absent() requires may_keep_keys {
        if (!has_order_) return;
        key_table<Key, cell> come;
        for (std::size_t i = 0; i < count_; ++i) come.add((*this)[i].key);
        for (std::size_t i = 0; i < count_; ++i)
            come[static_cast<std::uint32_t>(i)] = std::move((*this)[i]);
        cells = std::move(come);
        has_order_ = false;
    }

    window_bounds bounds_{};
    std::uint64_t size_ = 0;  // of the bounds
    bool has_order_ = false;
    std::size_t count_ = 0;
    std::vector<std::uint32_t> order_;  // one more than there are cells
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

    void put(Pane&& done, std::size_t key_limit) noexcept {
        done.clear(key_limit);
        if (panes_.size() >= few_panes &&
            (panes_.size() == max_panes || bytes() + done.bytes() > max_bytes))
            return;
        try {
            panes_.push_back(std::move(done));
        } catch (const std::bad_alloc&) {  // then it goes
        }
    }

    [[nodiscard]] std::size_t bytes() const noexcept {
        std::size_t sum = panes_.capacity() * sizeof(Pane);
        for (const Pane& each : panes_) sum += each.bytes();
        return sum;
    }

private:
    static constexpr std::size_t few_panes = 2;  // of any size
    static constexpr std::size_t max_panes = 16;
    static constexpr std::size_t max_bytes = std::size_t{1} << 18;

    std::vector<Pane> panes_;
};

}  // namespace millrace::detail
