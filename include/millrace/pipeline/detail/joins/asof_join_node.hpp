#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>

#include <millrace/core/detail/first_exception.hpp>
#include <millrace/core/key.hpp>
#include <millrace/core/node.hpp>
#include <millrace/core/port.hpp>
#include <millrace/joins/join.hpp>
#include <millrace/pipeline/detail/graph/meeting_base.hpp>
#include <millrace/pipeline/detail/joins/asof_settings.hpp>
#include <millrace/pipeline/detail/joins/held_side.hpp>
#include <millrace/pipeline/detail/keys/key_sweep.hpp>
#include <millrace/pipeline/detail/keys/limited_keys.hpp>
#include <millrace/pipeline/detail/state/waiting_order.hpp>

namespace millrace::detail {

/// Gives each left event with the right one of its key that holds at its time, once that is sure:
/// left events wait in the order of their times. Of the right ones of a key those are kept that may
/// still be asked for; without a limit of time the newest of each key stays. What is too old goes
/// when its key has an event, or its turn: with each that comes two keys are looked at.
///
/// Either event costs a look-up and a few steps; one that comes out of order, the logarithm of how
/// many such wait.
///
/// @tparam IsDeleted a function of a right event; see `deleted_when`
template <class Left, class Right, class Kind, class Function, class IsDeleted, class OnLate,
          class Next>
class asof_join_node
    : public meeting_base<asof_join_node<Left, Right, Kind, Function, IsDeleted, OnLate, Next>, 2,
                          Next> {
    using base = meeting_base<asof_join_node, 2, Next>;
    using left_event = typename Left::event_type;
    using right_event = typename Right::event_type;

public:
    asof_join_node(const Left& left, const Right& right, const asof_settings& settings, Function f,
                   IsDeleted is_deleted, OnLate on_late, Next next)
        : base{settings.lag, settings.allowed_lateness + settings.wait(), std::move(next)},
          left_key_{left.key},
          right_key_{right.key},
          settings_{settings},
          function_{std::move(f)},
          is_deleted_{std::move(is_deleted)},
          on_late_{std::move(on_late)},
          keys_{settings.keys},
          held_{settings.held},
          waiting_{settings.held.bytes} {}

    void push(port<0>, const left_event& one, event_stamp at) {
        this->count_event();
        if (at.time < complete_until_) {
            ++late_;
            on_late_(one);
        } else if (waiting_.size() >= settings_.held.events ||
                   waiting_.waiting_bytes() + kept_event<left_event>::bytes_of(one) >
                       settings_.held.bytes) {
            ++refused_;
        } else {
            waiting_.add(one, at.time);
        }
    }

    /// A late one counts for the left events that still come.
    void push(port<1>, const right_event& one, event_stamp at) {
        this->count_event();
        if (at.time < complete_until_) [[unlikely]] {
            ++late_;
            if (at.time < needed_from_) return;
        }
        sweep_(keys_, 2, [this](slot& each) { sweep(each); });
        slot* const of = keys_.find_or_add(project(right_key_.projection, one));
        if (of == nullptr) return;
        drop_old(*of);
        if (held_.has_room_for(one)) {
            held_.add(of->rows, one, at.time);
        } else {
            ++refused_;
        }
    }
    template <class Record>
    void preview(std::size_t, const Record&, event_stamp) noexcept {}

    /// The left events go on whose partners are sure.
    void release(timestamp watermark, first_exception& errors) {
        const bool is_end = watermark == timestamp::max();
        complete_until_ =
            is_end ? watermark : saturated_add(watermark, -settings_.allowed_lateness);
        if (settings_.has_tolerance())
            needed_from_ = saturated_add(complete_until_, -settings_.wait() - settings_.reach());
        const timestamp sure_until =
            is_end ? watermark : saturated_add(complete_until_, -settings_.wait());
        while (is_end ? !waiting_.empty() : waiting_.has_before(sure_until)) {
            errors.guard([&] {
                waiting_.release_first(
                    [this](const left_event& one, timestamp time) { give(one, time); });
            });
        }
        if (is_end) forget_all(errors);
    }

    template <class Stats>
    void collect(Stats& stats) const {
        keys_.collect(stats);
        stats.state_bytes += waiting_.bytes() + held_.bytes();
        stats.late += late_;
        stats.refused_keys += refused_;
        base::collect(stats);
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar.version(1);
        ar(keys_, waiting_, complete_until_, needed_from_, sweep_, late_, refused_);
        if constexpr (Archive::is_loading) {
            held_.clear();
            keys_.for_each([this](slot& each) {
                each.rows.for_each([&](const auto& row) { held_.count(row); });
            });
        }
        base::archive(ar);
    }

private:
    using key_type = key_of<typename Right::key_by_type, right_event>;

    struct slot {
        key_type key{};
        held_rows<right_event> rows{};
        bool is_used = false;
        bool is_recent = false;  ///< an event came since its last turn

        void recycle() noexcept { *this = slot{}; }

        template <class Archive>
        void archive(Archive& ar) {
            ar(key, rows, is_recent);
        }
    };

    /// Those go that no left event is given any more.
    void drop_old(slot& of) {
        while (!of.rows.empty() && (of.rows.front().time < needed_from_ || is_superseded(of)))
            held_.pop_front(of.rows);
    }
    /// Whether the first one is older than another that is as sure.
    [[nodiscard]] bool is_superseded(const slot& of) const noexcept {
        if (settings_.direction != asof::backward || of.rows.size() < 2) return false;
        const timestamp second = of.rows.second_time();
        return settings_.takes_exact ? second <= complete_until_ : second < complete_until_;
    }
    /// A key that had no event since its last turn goes, if nothing is held of it.
    void sweep(slot& of) {
        if (std::exchange(of.is_recent, false)) return;  // its event has seen to it
        drop_old(of);
        if (!of.rows.empty()) return;
        keys_.make_room_to_erase();
        keys_.erase(of);
    }
    /// Nothing comes any more.
    void forget_all(first_exception& errors) {
        const auto make_room = [this] {
            keys_.make_room_to_erase();
            return true;
        };
        for (std::uint32_t i = 0; i < keys_.slots(); ++i) {
            slot& of = keys_[i];
            held_.drop_all(of.rows);
            if (of.is_used && errors.guard(make_room)) keys_.erase(of);
        }
    }

    void give(const left_event& one, timestamp time) {
        const right_event* found = nullptr;
        if (slot* const of = keys_.find(project(left_key_.projection, one))) {
            if (const auto* row = partner_in(of->rows, time)) {
                if (!std::invoke(is_deleted_, row->event.value())) found = &row->event.value();
            }
        }
        if (!Kind::keeps_left && found == nullptr) return;
        this->next().push(join_call<Kind>(function_, &one, found), {time, this->passed_on()});
    }

    [[nodiscard]] const held_row<right_event>* partner_in(held_rows<right_event>& rows,
                                                          timestamp time) const {
        const held_row<right_event>*before = nullptr, *behind = nullptr;
        const duration beside{settings_.takes_exact ? 0 : 1};
        if (settings_.direction != asof::forward) {
            before = rows.last_until(saturated_add(time, -beside));
            if (before != nullptr && is_too_far(before->time, time)) before = nullptr;
        }
        if (settings_.direction != asof::backward) {
            behind = rows.first_from(saturated_add(time, beside));
            if (behind != nullptr && is_too_far(time, behind->time)) behind = nullptr;
            if (behind != nullptr) behind = rows.last_until(behind->time);  // of those of one time
        }
        if (before == nullptr || behind == nullptr) return before != nullptr ? before : behind;
        return time - before->time <= behind->time - time ? before : behind;
    }
    [[nodiscard]] bool is_too_far(timestamp earlier, timestamp later) const noexcept {
        return saturated_add(earlier, settings_.tolerance) < later;
    }

    typename Left::key_by_type left_key_;
    typename Right::key_by_type right_key_;
    asof_settings settings_;
    Function function_;
    IsDeleted is_deleted_;
    OnLate on_late_;
    limited_keys<key_type, slot> keys_;
    held_side<right_event> held_;
    waiting_order<left_event> waiting_;
    timestamp complete_until_ = timestamp::min();  // all left events before this are late
    timestamp needed_from_ = timestamp::min();     // no left event is given one before this
    key_sweep sweep_;
    std::uint64_t late_ = 0;
    std::uint64_t refused_ = 0;
};

}  // namespace millrace::detail
