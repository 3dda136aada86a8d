#pragma once

#include <algorithm>
#include <cstdint>

#include <millrace/analyzers/analyzer.hpp>
#include <millrace/pipeline/key_table.hpp>
#include <millrace/pipeline/pipeline_stats.hpp>
#include <millrace/pipeline/window_slot.hpp>

namespace millrace::detail {

/// What windows with a time shared by all keys, and those with a time for each key, have in
/// common.
template <class Key, class Analyzer, class Windowing>
class window_state {
public:
    using record_type = record<Key, result_of<Analyzer>>;

    [[nodiscard]] timestamp watermark() const noexcept { return watermark_; }

    void collect(pipeline_stats& stats) const {
        stats.late += late_;
        stats.corrected += corrected_;
        stats.refused_keys += refused_;
        stats.keys += table_.size();
        stats.open_windows += open_;
        if (watermark_ != timestamp::min()) stats.watermark = std::max(stats.watermark, watermark_);
    }

protected:
    using slot = window_slot<Key, Analyzer>;
    using cell = window_cell<Analyzer>;

    explicit window_state(const Windowing& windowing)
        : window_{windowing.window},
          out_of_order_{windowing.out_of_order},
          lateness_{windowing.allowed_lateness},
          idle_after_{windowing.idle_after},
          key_limit_{windowing.key_limit} {}

    /// Past this watermark nothing about a window that ends at `end` can change.
    [[nodiscard]] timestamp gone_at(timestamp end) const noexcept {
        return saturated_add(end, lateness_);
    }

    /// The key's slot, made if need be; null at the limit on keys.
    template <class Sought>
    [[nodiscard]] slot* find_or_add(const Sought& key) {
        if (slot* found = table_.find(key)) return found;
        if (table_.size() >= key_limit_) {
            ++refused_;
            return nullptr;
        }
        return &table_.add(key);
    }

    template <class Emit>
    void fire(slot& at, cell& done, trigger why, timestamp watermark, Emit& emit) {
        if (done.is_fired) {
            ++done.revision;
        } else {
            done.is_fired = true;
            --open_;
        }
        emit(record_type{at.key, done.bounds, describe(done.state), done.revision,
                         why == trigger::stop || gone_at(done.bounds.end) <= watermark, why,
                         watermark, late_});
    }

    template <class Archive>
    void archive_state(Archive& ar) {
        ar.version(1);
        ar(table_, watermark_, late_, corrected_, refused_, open_);
    }

    key_table<Key, slot> table_;
    typename Windowing::window_type window_;
    duration out_of_order_;
    duration lateness_;
    duration idle_after_;
    std::size_t key_limit_;
    timestamp watermark_ = timestamp::min();
    std::uint64_t late_ = 0;
    std::uint64_t corrected_ = 0;
    std::uint64_t refused_ = 0;
    std::uint64_t open_ = 0;
};

}  // namespace millrace::detail
