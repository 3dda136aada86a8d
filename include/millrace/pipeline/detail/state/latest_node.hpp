#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>

#include <millrace/core/detail/first_exception.hpp>
#include <millrace/core/key.hpp>
#include <millrace/core/node.hpp>
#include <millrace/core/projection.hpp>
#include <millrace/pipeline/detail/joins/table_settings.hpp>
#include <millrace/pipeline/detail/keys/key_sweep.hpp>
#include <millrace/pipeline/detail/keys/limited_keys.hpp>
#include <millrace/pipeline/detail/state/kept_event.hpp>

namespace millrace::detail {

/// The newest event of each key by event time, and what becomes of it: an insert, an update or a
/// removal. What is thrown behind it leaves the table as it is then.
///
/// An event costs a look-up, and a copy into memory that another has left. With each two keys are
/// looked at, and go if they were deleted and nothing older is expected.
///
/// @tparam IsDeleted a function of an event; see `deleted_when`
template <class KeyBy, class Event, class IsDeleted, class Next>
class latest_node : public forwarding_node<Next> {
public:
    latest_node(KeyBy by, const table_settings& settings, IsDeleted is_deleted, Next n)
        : forwarding_node<Next>{std::move(n)},
          key_by_{std::move(by)},
          is_deleted_{std::move(is_deleted)},
          keys_{settings.keys},
          byte_limit_{settings.byte_limit} {}

    void push(const Event& one, event_stamp at) {
        sweep_(keys_, 2, [this](slot& each) { forget_deleted(each, watermark_); });
        const auto key = project(key_by_.projection, one);
        slot* const found = keys_.find(key);
        if (found != nullptr && at.time < found->time) return;
        const bool is_deletion = std::invoke(is_deleted_, one);
        if (!is_deletion && !has_room_for(one, found)) {
            ++refused_;
            return;
        }
        if (!is_deletion) spare_.assign(one);
        bool has_evicted = false;
        slot* const of = keys_.find_or_add(key, [&](slot& gone) {
            has_evicted = gone.has_row;
            if (has_evicted) bytes_ -= gone.row.bytes();
            evicted_ = std::move(gone.row);
        });
        if (of == nullptr) return;
        first_exception errors;
        if (has_evicted) errors.guard([&] { this->next.remove(evicted_.value(), at); });
        of->time = at.time;
        if (is_deletion) {
            take_back(*of, at, errors);
        } else {
            replace(*of, at, errors);
        }
        errors.rethrow();
    }
    template <class Record>
    void preview(const Record&, event_stamp) noexcept {}

    void watermark(timestamp to, trigger why) {
        watermark_ = to;
        this->next.watermark(to, why);
    }

    template <class Key>
    void key_watermark(const Key& sought, timestamp to, trigger why) {
        first_exception errors;
        errors.guard([&] {
            if (slot* const of = keys_.find(sought)) forget_deleted(*of, to);
        });
        this->next.key_watermark(sought, to, why);
        errors.rethrow();
    }

    template <class Stats>
    void collect(Stats& stats) const {
        keys_.collect(stats);
        stats.state_bytes += bytes_;
        stats.refused_keys += refused_;
        this->next.collect(stats);
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar.version(1);
        ar(keys_, watermark_, sweep_, refused_);
        if constexpr (Archive::is_loading) {
            bytes_ = 0;
            keys_.for_each([this](const slot& each) {
                if (each.has_row) bytes_ += each.row.bytes();
            });
        }
        ar(this->next);
    }

private:
    struct slot {
        key_of<KeyBy, Event> key{};
        kept_event<Event> row{};
        timestamp time{};      ///< of the row, or of what deleted it
        bool has_row = false;  ///< it is not deleted
        bool is_used = false;
        bool is_recent = false;

        void recycle() noexcept { *this = slot{}; }

        template <class Archive>
        void archive(Archive& ar) {
            ar(key, time, has_row, is_recent);
            if (has_row) ar(row);
        }
    };

    [[nodiscard]] bool has_room_for(const Event& one, const slot* of) const {
        const std::size_t before = of != nullptr && of->has_row ? of->row.bytes() : 0;
        return bytes_ - before + kept_event<Event>::bytes_of(one) <= byte_limit_;
    }

    void forget_deleted(slot& of, timestamp watermark) {
        if (of.has_row || of.time >= watermark) return;
        keys_.make_room_to_erase();
        keys_.erase(of);
    }

    /// By what lies in `spare_`.
    void replace(slot& of, event_stamp at, first_exception& errors) {
        const bool is_new = !std::exchange(of.has_row, true);
        if (!is_new) bytes_ -= of.row.bytes();
        std::swap(of.row, spare_);
        bytes_ += of.row.bytes();
        errors.guard([&] {
            if (is_new) {
                this->next.push(of.row.value(), at);
            } else {
                this->next.update(spare_.value(), of.row.value(), at);
            }
        });
    }
    void take_back(slot& of, event_stamp at, first_exception& errors) {
        if (!std::exchange(of.has_row, false)) return;
        bytes_ -= of.row.bytes();
        spare_ = std::exchange(of.row, {});
        errors.guard([&] { this->next.remove(spare_.value(), at); });
    }

    KeyBy key_by_;
    IsDeleted is_deleted_;
    limited_keys<key_of<KeyBy, Event>, slot> keys_;
    std::size_t byte_limit_;
    std::size_t bytes_ = 0;
    std::uint64_t refused_ = 0;
    timestamp watermark_ = timestamp::min();
    key_sweep sweep_;
    kept_event<Event> spare_;    ///< what was replaced last
    kept_event<Event> evicted_;  ///< and what had to go
};

}  // namespace millrace::detail
