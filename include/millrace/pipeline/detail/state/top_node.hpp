#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>

#include <millrace/core/detail/first_exception.hpp>
#include <millrace/core/node.hpp>
#include <millrace/core/projection.hpp>
#include <millrace/core/record.hpp>
#include <millrace/pipeline/detail/state/top_group.hpp>

namespace millrace::detail {

struct top_limits {
    std::size_t rows = 0;
    std::size_t windows = 0;
};

/// The highest records of each window, or where it `IsRunning` of all, where records are corrected
/// or take the place of earlier ones: each change goes on at once, what is none of the highest any
/// more before what is one now.
template <class Record, std::size_t Count, bool IsRunning, class Projection, class Next>
class top_node : public forwarding_node<Next> {
public:
    top_node(Projection by, const top_limits& limits, Next n)
        : forwarding_node<Next>{std::move(n)}, by_{std::move(by)}, limits_{limits} {}

    void push(const Record& row, event_stamp at) {
        changes give{this->next, at, {}};
        put(row, give);
        give.thrown.rethrow();
    }
    void update(const Record& before, const Record& after, event_stamp at) {
        changes give{this->next, at, {}};
        if (group_of(before) != group_of(after) || !(before.key == after.key)) drop(before, give);
        put(after, give);
        give.thrown.rethrow();
    }
    void remove(const Record& gone, event_stamp at) {
        changes give{this->next, at, {}};
        drop(gone, give);
        give.thrown.rethrow();
    }
    template <class Preview>
    void preview(const Preview&, event_stamp) noexcept {}

    void watermark(timestamp to, trigger why) {
        if constexpr (!IsRunning) {
            while (!groups_.empty() && groups_.begin()->first.first <= to &&
                   groups_.begin()->second.open() == 0)
                forget_first();
        }
        this->next.watermark(to, why);
    }

    template <class Stats>
    void collect(Stats& stats) const {
        stats.keys += rows_;
        stats.refused_keys += refused_;
        if constexpr (!IsRunning) stats.open_windows += groups_.size();
        constexpr std::size_t beside = 12 * sizeof(void*);  // of the nodes of the map and the set
        stats.state_bytes += rows_ * (sizeof(Record) + sizeof(Record::key) + beside);
        this->next.collect(stats);
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar.version(1);
        ar(groups_, refused_);
        if constexpr (Archive::is_loading) {
            rows_ = 0;
            for (const auto& [of, group] : groups_) rows_ += group.size();
        }
        ar(this->next);
    }

private:
    using group_type = top_group<Record, projected<Projection, Record>, Count>;
    using group_key = std::pair<timestamp, timestamp>;  // end and start of a window

    /// What changes in the highest, to what follows.
    struct changes {
        Next& next;
        event_stamp at;
        first_exception thrown;

        void remove(const Record& row) {
            thrown.guard([&] { next.remove(marked(row, change::remove), at); });
        }
        void update(const Record& before, const Record& after) {
            thrown.guard([&] { next.update(before, marked(after, change::update), at); });
        }
        void insert(const Record& row) {
            thrown.guard([&] { next.push(marked(row, change::insert), at); });
        }
    };

    static group_key group_of([[maybe_unused]] const Record& row) noexcept {
        if constexpr (IsRunning) {
            return {};
        } else {
            return {row.window.end, row.window.start};
        }
    }

    void put(const Record& row, changes& give) {
        const bool may_add = rows_ < limits_.rows;
        const auto found = groups_.find(group_of(row));
        if (found == groups_.end() && !may_add) {
            ++refused_;
            return;
        }
        group_type& group = found != groups_.end() ? found->second : groups_[group_of(row)];
        const std::size_t before = group.size();
        refused_ += !group.put(row, project(by_, row), may_add, give);
        rows_ += group.size() - before;
        if (groups_.size() > limits_.windows) forget_first();
    }
    void drop(const Record& row, changes& give) {
        const auto found = groups_.find(group_of(row));
        if (found == groups_.end()) return;
        rows_ -= found->second.has(row.key);
        found->second.drop(row.key, give);
    }
    void forget_first() {
        rows_ -= groups_.begin()->second.size();
        groups_.erase(groups_.begin());
    }

    Projection by_;
    top_limits limits_;
    std::map<group_key, group_type> groups_;
    std::size_t rows_ = 0;
    std::uint64_t refused_ = 0;
};

}  // namespace millrace::detail
