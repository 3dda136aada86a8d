#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <system_error>
#include <utility>
#include <vector>

#include <millrace/core/detail/first_exception.hpp>
#include <millrace/core/node.hpp>
#include <millrace/core/projection.hpp>
#include <millrace/core/record.hpp>
#include <millrace/pipeline/detail/state/kept_event.hpp>
#include <millrace/pipeline/detail/state/top_rank.hpp>

namespace millrace::detail {

/// The highest records of each window, where none is corrected: they go on once the window is over
/// for all keys, the highest first. A record that is none of them costs a comparison; one that is,
/// the moves of those behind it.
template <class Record, std::size_t Count, class Projection, class Next>
class top_window_node : public forwarding_node<Next> {
public:
    top_window_node(Projection by, Next n)
        : forwarding_node<Next>{std::move(n)}, by_{std::move(by)} {}

    void push(const Record& row, event_stamp) {
        std::vector<entry>& rows = windows_[{row.window.end, row.window.start}];
        const rank_type rank{project(by_, row), added_++};
        if (rows.size() == Count && !(rank < rows.back().rank)) return;
        entry added{rank, kept_event<Record>{row}};
        if (rows.empty()) rows.reserve(Count + 1);
        rows.insert(std::ranges::upper_bound(rows, rank, std::less<>{}, &entry::rank),
                    std::move(added));
        if (rows.size() > Count) rows.pop_back();
    }
    template <class Preview>
    void preview(const Preview&, event_stamp) noexcept {}

    void watermark(timestamp to, trigger why) {
        first_exception errors;
        give_until(to, errors);
        passed_on_ = to;
        errors.guard([&] { this->next.watermark(to, why); });
        errors.rethrow();
    }
    std::error_code finish() {
        first_exception errors;
        give_until(timestamp::max(), errors);
        const std::error_code error = errors.guard([this] { return this->next.finish(); });
        errors.rethrow();
        return error;
    }

    template <class Stats>
    void collect(Stats& stats) const {
        stats.open_windows += windows_.size();
        stats.state_bytes += windows_.size() * (Count + 1) * sizeof(entry);
        this->next.collect(stats);
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar.version(1);
        ar(windows_, added_, passed_on_);
        for (const auto& [window, rows] : windows_)
            ar.require(!rows.empty() && rows.size() <= Count);
        ar(this->next);
    }

private:
    using rank_type = top_rank<projected<Projection, Record>>;

    struct entry {
        rank_type rank{};
        kept_event<Record> row{};

        template <class Archive>
        void archive(Archive& ar) {
            ar(rank, row);
        }
    };

    void give_until(timestamp to, first_exception& errors) {
        while (!windows_.empty() && windows_.begin()->first.first <= to) {
            const auto over = windows_.extract(windows_.begin());
            const timestamp last = saturated_add(over.key().first, duration{-1});
            for (const entry& each : over.mapped())
                errors.guard([&] { this->next.push(each.row.value(), {last, passed_on_}); });
        }
    }

    Projection by_;
    std::map<std::pair<timestamp, timestamp>, std::vector<entry>> windows_;  // by end and start
    std::uint64_t added_ = 0;
    timestamp passed_on_ = timestamp::min();
};

}  // namespace millrace::detail
