#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <system_error>
#include <utility>

#include <millrace/core/key.hpp>
#include <millrace/core/node.hpp>
#include <millrace/core/port.hpp>
#include <millrace/joins/join.hpp>
#include <millrace/pipeline/detail/joins/table_settings.hpp>
#include <millrace/pipeline/detail/keys/limited_keys.hpp>
#include <millrace/pipeline/detail/state/kept_event.hpp>

namespace millrace::detail {

/// Gives each left event with the newest right one of its key, as they come. Time is that of the
/// left stream alone.
///
/// Either event costs a look-up; a right one beside that its copy, into the memory of the one whose
/// place it takes.
///
/// @tparam IsDeleted a function of a right event; see `deleted_when`
template <class Left, class Right, class Kind, class Function, class IsDeleted, class Next>
class lookup_node {
    using left_event = typename Left::event_type;
    using right_event = typename Right::event_type;

public:
    static constexpr bool wants_wall_time = Next::wants_wall_time;

    lookup_node(const Left& left, const Right& right, const table_settings& settings, Function f,
                IsDeleted is_deleted, Next next)
        : left_key_{left.key},
          right_key_{right.key},
          function_{std::move(f)},
          is_deleted_{std::move(is_deleted)},
          keys_{settings.keys},
          byte_limit_{settings.byte_limit},
          next_{std::move(next)} {}

    void push(port<0>, const left_event& one, event_stamp at) {
        ++came_;
        const slot* const found = keys_.find(project(left_key_.projection, one));
        if (!Kind::keeps_left && found == nullptr) return;
        next_.push(join_call<Kind>(function_, &one, found ? &found->row.value() : nullptr), at);
    }

    void push(port<1>, const right_event& one, event_stamp) {
        ++came_;
        put(one);
    }
    void update(port<1>, const right_event& before, const right_event& after, event_stamp) {
        ++came_;
        const auto& by = right_key_.projection;
        if (!key_equal{}(project(by, before), project(by, after))) forget(before);
        put(after);
    }
    void remove(port<1>, const right_event& gone, event_stamp) {
        ++came_;
        forget(gone);
    }
    /// As a right event does.
    void put(const right_event& one) {
        if (std::invoke(is_deleted_, one)) {
            forget(one);
        } else {
            note(one);
        }
    }
    template <class Record>
    void preview(std::size_t, const Record&, event_stamp) noexcept {}

    void watermark(port<0>, timestamp to, trigger why) {
        passed_on_ = to;
        next_.watermark(to, why);
    }
    void watermark(port<1>, timestamp, trigger) noexcept {}
    void idle(port<0>) { next_.idle(); }
    void idle(port<1>) noexcept {}
    void active(port<0>) { next_.active(); }
    void active(port<1>) noexcept {}

    void wall_time(timestamp now) { next_.wall_time(now); }
    std::error_code finish() { return next_.finish(); }
    bool resume() { return next_.resume(); }
    [[nodiscard]] bool has_room() const { return next_.has_room(); }
    void begin_batch() { next_.begin_batch(); }
    void end_batch() { next_.end_batch(); }
    void flush() { next_.flush(); }
    void settle() { next_.settle(); }
    [[nodiscard]] std::uint64_t events_in() const noexcept { return came_; }
    template <class Stats>
    void collect_own(Stats& stats) const {
        stats.watermark = passed_on_;
    }
    template <class Stats>
    void collect(Stats& stats) const {
        keys_.collect(stats);
        stats.state_bytes += bytes_;
        stats.refused_keys += refused_;
        next_.collect(stats);
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar.version(1);
        ar(keys_, came_, refused_, passed_on_);
        if constexpr (Archive::is_loading) {
            bytes_ = 0;
            keys_.for_each([this](const slot& each) { bytes_ += each.row.bytes(); });
        }
        ar(next_);
    }

private:
    using key_type = key_of<typename Right::key_by_type, right_event>;

    struct slot {
        key_type key{};
        kept_event<right_event> row{};
        bool is_used = false;
        bool is_recent = false;

        void recycle() noexcept { *this = slot{}; }

        template <class Archive>
        void archive(Archive& ar) {
            ar(key, row, is_recent);
        }
    };

    void note(const right_event& one) {
        const auto key = project(right_key_.projection, one);
        const std::size_t bytes = kept_event<right_event>::bytes_of(one);
        slot* of = keys_.find(key);
        const std::size_t before = of == nullptr ? 0 : of->row.bytes();
        if (bytes_ - before + bytes > byte_limit_) {
            ++refused_;
            return;
        }
        if (of != nullptr) {
            of->row.assign(one);
            of->is_recent = true;
        } else {
            kept_event<right_event> row{one};
            of = keys_.find_or_add(key, [this](const slot& gone) { bytes_ -= gone.row.bytes(); });
            if (of == nullptr) return;
            of->row = std::move(row);
        }
        bytes_ += bytes;
        bytes_ -= before;
    }
    void forget(const right_event& gone) {
        keys_.make_room_to_erase();
        if (slot* const of = keys_.find(project(right_key_.projection, gone))) {
            bytes_ -= of->row.bytes();
            keys_.erase(*of);
        }
    }

    typename Left::key_by_type left_key_;
    typename Right::key_by_type right_key_;
    Function function_;
    IsDeleted is_deleted_;
    limited_keys<key_type, slot> keys_;
    std::size_t byte_limit_;
    std::size_t bytes_ = 0;
    std::uint64_t came_ = 0;
    std::uint64_t refused_ = 0;
    timestamp passed_on_ = timestamp::min();
    Next next_;
};

}  // namespace millrace::detail
