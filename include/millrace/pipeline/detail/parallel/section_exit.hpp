#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <utility>
#include <vector>

#include <millrace/core/detail/first_exception.hpp>
#include <millrace/core/node.hpp>
#include <millrace/core/timestamp.hpp>
#include <millrace/pipeline/detail/parallel/section_batch.hpp>

namespace millrace::detail {

/// Where what comes out of the loops of a section meets, in the thread that drives the pipeline.
/// Time is as far as in the loop that is least far; where all comes in order, as in any, for all
/// are told the same.
template <class Next, bool IsOrdered>
class section_exit : public forwarding_node<Next> {
public:
    static constexpr bool is_ordered = IsOrdered;

    section_exit(std::size_t loops, Next n)
        : forwarding_node<Next>{std::move(n)},
          watermarks_(loops, timestamp::min()),
          turns_done_(loops, 0) {}

    /// In this loop no event earlier than `to` comes out any more.
    void note_watermark(std::size_t loop, timestamp to, trigger why) noexcept {
        watermarks_[loop] = std::max(watermarks_[loop], to);
        tell_watermark(*std::ranges::min_element(watermarks_), why);
    }
    /// Likewise, in none of them.
    void tell_watermark(timestamp to, trigger why) noexcept {
        if (to <= told_) return;
        told_ = to;
        failure_.guard([&] { this->next.watermark(to, why); });
    }

    /// A loop may be ahead of what follows, where nothing is to be late by that.
    [[nodiscard]] event_stamp stamp(event_stamp at) const noexcept {
        return IsOrdered ? at : event_stamp{at.time, std::min(at.watermark, told_)};
    }

    /// Where an event goes, which may wait for others until `end_results`.
    [[nodiscard]] Next& in_batch() {
        if (!std::exchange(is_in_batch_, true)) this->next.begin_batch();
        return this->next;
    }
    /// What follows has taken all that it was given.
    void end_results() noexcept {
        while (is_in_batch_) {
            try {
                this->next.end_batch();
                is_in_batch_ = false;
            } catch (...) {
                note_failure();
            }
        }
    }

    template <class Record>
    void show(const Record& row, event_stamp at) noexcept {
        end_results();
        failure_.guard([&] { this->next.preview(row, stamp(at)); });
    }

    /// What was thrown in a loop, and counted there.
    void report(const std::exception_ptr& thrown) noexcept {
        failure_.guard([&] { std::rethrow_exception(thrown); });
    }

    /// All loops are to be told of that; once they have been, so is what follows.
    void expect(section_turn turn, timestamp wall_time) { turns_.push_back({turn, wall_time}); }
    void note_turn(std::size_t loop) {
        ++turns_done_[loop];
        if (*std::ranges::min_element(turns_done_) == turns_told_) return;
        ++turns_told_;
        const auto [turn, wall_time] = turns_.front();
        turns_.pop_front();
        end_results();
        failure_.guard([&, turn = turn, wall_time = wall_time] {
            if (turn == section_turn::idle) this->next.idle();
            if (turn == section_turn::active) this->next.active();
            if (turn == section_turn::wall_time) this->next.wall_time(wall_time);
        });
    }

    template <class Archive>
    void archive(Archive& ar) {
        const std::size_t loops = watermarks_.size();
        ar(watermarks_, told_, failed_, this->next);
        ar.require(watermarks_.size() == loops);
        if constexpr (Archive::is_loading) watermarks_.resize(loops);
    }

protected:
    /// In a handler: of what follows.
    void note_failure() noexcept {
        ++failed_;
        failure_.keep_current();
    }

    first_exception failure_;
    std::uint64_t failed_ = 0;  ///< results at which what follows has thrown

private:
    struct told_turn {
        section_turn turn;
        timestamp wall_time;
    };

    std::vector<timestamp> watermarks_;
    std::vector<std::uint64_t> turns_done_;
    std::deque<told_turn> turns_;  ///< those that not all loops have been told of
    std::uint64_t turns_told_ = 0;
    timestamp told_ = timestamp::min();
    bool is_in_batch_ = false;
};

}  // namespace millrace::detail
