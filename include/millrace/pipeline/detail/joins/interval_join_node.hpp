#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include <millrace/core/detail/first_exception.hpp>
#include <millrace/core/key.hpp>
#include <millrace/core/node.hpp>
#include <millrace/core/port.hpp>
#include <millrace/joins/join.hpp>
#include <millrace/pipeline/detail/graph/meeting_base.hpp>
#include <millrace/pipeline/detail/joins/held_side.hpp>
#include <millrace/pipeline/detail/joins/join_settings.hpp>
#include <millrace/pipeline/detail/keys/key_sweep.hpp>
#include <millrace/pipeline/detail/keys/limited_keys.hpp>
#include <millrace/pipeline/detail/state/time_order.hpp>

namespace millrace::detail {

/// Gives each pair of events of one key whose times are so far apart as `between` says, when the
/// second of them comes, and where that is asked for, those that have no partner, when none can
/// come any more.
///
/// An event costs one look-up and a step for each partner. Those of a side that go on without a
/// partner stand in a queue by when they do, in which those of a key have the order of its rows.
/// Others go when their key has an event, or its turn: with each that comes two keys are looked at.
///
/// @tparam Left, Right the streams
template <class Left, class Right, class Kind, class Function, class OnLate, class Next>
class interval_join_node
    : public meeting_base<interval_join_node<Left, Right, Kind, Function, OnLate, Next>, 2, Next> {
    using base = meeting_base<interval_join_node, 2, Next>;
    using left_event = typename Left::event_type;
    using right_event = typename Right::event_type;

public:
    interval_join_node(const Left& left, const Right& right, between span,
                       const join_settings& settings, Function f, OnLate on_late, Next next)
        : base{settings.lag, settings.allowed_lateness + longest_wait(span), std::move(next)},
          left_key_{left.key},
          right_key_{right.key},
          span_{span},
          lateness_{settings.allowed_lateness},
          function_{std::move(f)},
          on_late_{std::move(on_late)},
          keys_{settings.keys},
          left_{held_side<left_event>{settings.held}, {}},
          right_{held_side<right_event>{settings.held}, {}} {}

    void push(port<0>, const left_event& one, event_stamp at) {
        take<0>(project(left_key_.projection, one), one, at.time,
                {saturated_add(at.time, span_.from), saturated_add(at.time, span_.to)});
    }
    void push(port<1>, const right_event& one, event_stamp at) {
        take<1>(project(right_key_.projection, one), one, at.time,
                {saturated_add(at.time, -span_.to), saturated_add(at.time, -span_.from)});
    }
    template <class Record>
    void preview(std::size_t, const Record&, event_stamp) noexcept {}

    /// Those go on that have no partner.
    void release(timestamp watermark, first_exception& errors) {
        complete_until_ =
            watermark == timestamp::max() ? watermark : saturated_add(watermark, -lateness_);
        left_from_ = saturated_add(complete_until_, -span_.to);
        right_from_ = saturated_add(complete_until_, span_.from);
        if constexpr (Kind::keeps_left || Kind::keeps_right) {
            for (;;) {
                const bool is_left = is_due(left_.due), is_right = is_due(right_.due);
                if (is_left && (!is_right || left_.due.earliest() <= right_.due.earliest())) {
                    drop_first<0>(errors);
                } else if (is_right) {
                    drop_first<1>(errors);
                } else {
                    break;
                }
            }
        }
        if (watermark == timestamp::max()) forget_all(errors);
    }

    template <class Stats>
    void collect(Stats& stats) const {
        keys_.collect(stats);
        stats.state_bytes += left_.bytes() + right_.bytes();
        stats.late += late_;
        stats.refused_keys += refused_;
        base::collect(stats);
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar.version(1);
        ar(keys_, left_.due, right_.due, complete_until_, left_from_, right_from_, sweep_, late_,
           refused_);
        if constexpr (Archive::is_loading) {
            if (ar.ok()) count_loaded(ar);
        }
        base::archive(ar);
    }

private:
    using key_type = key_of<typename Left::key_by_type, left_event>;

    /// The times of an event's partners; it is held until all that are earlier than the second have
    /// come.
    struct partner_times {
        timestamp from;
        timestamp until;
    };

    struct no_due {
        static constexpr std::size_t size() noexcept { return 0; }
        static constexpr std::size_t bytes() noexcept { return 0; }
        static constexpr timestamp earliest() noexcept { return timestamp::max(); }
        template <class Archive>
        void archive(Archive&) noexcept {}
    };

    struct slot {
        key_type key{};
        held_rows<left_event> left{};
        held_rows<right_event> right{};
        bool is_used = false;
        bool is_recent = false;  ///< an event came since its last turn

        [[nodiscard]] bool is_empty() const noexcept { return left.empty() && right.empty(); }
        void recycle() noexcept { *this = slot{}; }

        template <class Archive>
        void archive(Archive& ar) {
            ar(key, left, right, is_recent);
        }
    };

    /// What is held of a side, and the numbers of the keys by when their first one goes on alone.
    template <class Event, bool IsKept>
    struct side {
        held_side<Event> held;
        [[no_unique_address]] std::conditional_t<IsKept, time_order<std::uint32_t>, no_due> due;

        [[nodiscard]] std::size_t bytes() const noexcept { return held.bytes() + due.bytes(); }
    };

    /// How long one without a partner may have to wait.
    static duration longest_wait(between span) noexcept {
        duration longest{};
        if constexpr (Kind::keeps_left) longest = std::max(longest, span.to);
        if constexpr (Kind::keeps_right) longest = std::max(longest, -span.from);
        return longest;
    }

    template <std::size_t Side>
    static constexpr bool is_kept = Side == 0 ? Kind::keeps_left : Kind::keeps_right;

    template <std::size_t Side>
    [[nodiscard]] auto& side_of() noexcept {
        if constexpr (Side == 0) {
            return left_;
        } else {
            return right_;
        }
    }
    template <std::size_t Side>
    [[nodiscard]] static auto& rows_of(slot& of) noexcept {
        if constexpr (Side == 0) {
            return of.left;
        } else {
            return of.right;
        }
    }

    [[nodiscard]] bool is_due(no_due) const noexcept { return false; }
    [[nodiscard]] bool is_due(const time_order<std::uint32_t>& of) const noexcept {
        return complete_until_ == timestamp::max() ? !of.empty() : of.has_before(complete_until_);
    }

    template <std::size_t Side, class Key, class Event>
    void take(const Key& key, const Event& one, timestamp time, partner_times partners) {
        this->count_event();
        if (time < complete_until_) {
            ++late_;
            on_late_(port<Side>{}, one);
            return;
        }
        sweep_(keys_, 2, [this](slot& each) { sweep(each); });
        slot* const of = keys_.find_or_add(key);
        if (of == nullptr) return;
        drop_old(*of);
        if (partners.until < complete_until_) {
            meet<Side>(one, time, partners, *of);
        } else if (auto& own = side_of<Side>(); own.held.has_room_for(one)) {
            if constexpr (is_kept<Side>) own.due.make_room();
            auto& held = own.held.add(rows_of<Side>(*of), one, time);
            if constexpr (is_kept<Side>) own.due.add(partners.until, keys_.number_of(*of));
            meet<Side>(one, time, partners, *of, &held.is_matched);
        } else {
            ++refused_;
        }
    }

    /// @param is_matched to be set; null where the event goes by
    template <std::size_t Side, class Event>
    void meet(const Event& one, timestamp time, partner_times partners, slot& of,
              bool* is_matched = nullptr) {
        first_exception errors;
        bool has_partner = false;
        rows_of<1 - Side>(of).for_each_within(partners.from, partners.until, [&](auto& other) {
            has_partner = other.is_matched = true;
            errors.guard(
                [&] { give<Side>(one, &other.event.value(), std::max(time, other.time)); });
        });
        if (is_matched != nullptr) {
            *is_matched = has_partner;
        } else if (!has_partner) {
            errors.guard([&] { give_alone<Side>(one, time); });
        }
        errors.rethrow();
    }

    /// The event that is due first, of one side.
    template <std::size_t Side>
    void drop_first([[maybe_unused]] first_exception& errors) {
        if constexpr (is_kept<Side>) {
            auto& own = side_of<Side>();
            slot& of = keys_[own.due.take().first];
            auto& rows = rows_of<Side>(of);
            const auto& first = rows.front();
            if (!first.is_matched)
                errors.guard([&] { give_alone<Side>(first.event.value(), first.time); });
            own.held.pop_front(rows);
        }
    }

    /// Those go that can have no more partners, but for what stands in a queue.
    void drop_old(slot& of) {
        if constexpr (!Kind::keeps_left) {
            while (!of.left.empty() && of.left.front().time < left_from_)
                left_.held.pop_front(of.left);
        }
        if constexpr (!Kind::keeps_right) {
            while (!of.right.empty() && of.right.front().time < right_from_)
                right_.held.pop_front(of.right);
        }
    }
    /// A key that had no event since its last turn goes, if nothing is held of it.
    void sweep(slot& of) {
        if (std::exchange(of.is_recent, false)) return;  // its event has seen to it
        drop_old(of);
        if (!of.is_empty()) return;
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
            left_.held.drop_all(of.left);
            right_.held.drop_all(of.right);
            if (of.is_used && errors.guard(make_room)) keys_.erase(of);
        }
    }

    template <std::size_t Side, class Event>
    void give_alone([[maybe_unused]] const Event& one, [[maybe_unused]] timestamp time) {
        if constexpr (is_kept<Side>) {
            using other = std::conditional_t<Side == 0, right_event, left_event>;
            give<Side>(one, static_cast<const other*>(nullptr), time);
        }
    }
    template <std::size_t Side, class Event, class Other>
    void give(const Event& one, const Other* other, timestamp time) {
        if constexpr (Side == 0) {
            this->next().push(join_call<Kind>(function_, &one, other), {time, this->passed_on()});
        } else {
            this->next().push(join_call<Kind>(function_, other, &one), {time, this->passed_on()});
        }
    }

    /// Damaged, the queues might lead to events that are not there.
    template <class Archive>
    void count_loaded(Archive& ar) {
        count_loaded<0>(ar);
        count_loaded<1>(ar);
    }
    template <std::size_t Side, class Archive>
    void count_loaded(Archive& ar) {
        auto& own = side_of<Side>();
        own.held.clear();
        keys_.for_each([&](slot& each) {
            rows_of<Side>(each).for_each([&](const auto& row) { own.held.count(row); });
        });
        if constexpr (is_kept<Side>) {
            std::vector<std::size_t> due(keys_.slots());
            own.due.for_each([&](std::uint32_t number, timestamp) {
                ar.require(number < due.size());
                if (ar.ok()) ++due[number];
            });
            std::size_t held = 0;
            keys_.for_each([&](slot& each) {
                const auto& rows = rows_of<Side>(each);
                ar.require(rows.size() == due[keys_.number_of(each)]);
                held += rows.size();
            });
            ar.require(held == own.due.size());
        }
    }

    typename Left::key_by_type left_key_;
    typename Right::key_by_type right_key_;
    between span_;
    duration lateness_;
    Function function_;
    OnLate on_late_;
    limited_keys<key_type, slot> keys_;
    side<left_event, Kind::keeps_left> left_;
    side<right_event, Kind::keeps_right> right_;
    timestamp complete_until_ = timestamp::min();  // all events before this are late
    timestamp left_from_ = timestamp::min();       // what is earlier can have no more partners
    timestamp right_from_ = timestamp::min();
    key_sweep sweep_;
    std::uint64_t late_ = 0;
    std::uint64_t refused_ = 0;
};

}  // namespace millrace::detail
