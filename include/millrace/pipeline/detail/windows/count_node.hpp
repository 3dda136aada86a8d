#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <system_error>
#include <type_traits>
#include <utility>

#include <millrace/analyzers/analyzer.hpp>
#include <millrace/core/detail/first_exception.hpp>
#include <millrace/core/key.hpp>
#include <millrace/core/node.hpp>
#include <millrace/core/projection.hpp>
#include <millrace/core/stream.hpp>
#include <millrace/pipeline/detail/keys/key_table.hpp>
#include <millrace/pipeline/detail/windows/count_cells.hpp>

namespace millrace::detail {

/// Windows by count. An event fills at most one, whose record goes on at once.
template <class Stream, class Analyzer, class Next>
class count_node : public forwarding_node<Next> {
    using event = typename Stream::event_type;
    using key_by = typename Stream::key_by_type;
    using key_type = key_of<key_by, event>;
    using record_type = record<key_type, result_of<Analyzer>, numbered_window>;
    using window_type = typename Stream::windowing_type::window_type;
    using time = typename Stream::time_type;

public:
    count_node(const Stream& in, Next n)
        : forwarding_node<Next>{std::move(n)},
          key_by_{in.key},
          window_{in.windowing.window},
          key_limit_{in.windowing.key_limit},
          flushes_{in.windowing.flushes_at_finish} {}

    void push(const event& one, event_stamp at) {
        const auto& sought = project(key_by_.projection, one);
        const std::size_t hash = table_.hash_of(sought);
        slot* found = table_.find(hash, sought);
        if (found == nullptr) [[unlikely]] {
            if (table_.size() >= key_limit_) {
                ++refused_;
                return;
            }
            found = &table_.add(hash, sought);
        }
        if constexpr (is_key_time<time>) found->told.watermark = at.watermark;
        const bool was_open = found->cell.is_open();
        const std::size_t before = found->cell.bytes();
        const bool is_full = found->cell.add(window_, one, at.time);
        pane_bytes_ += found->cell.bytes() - before;
        if (!was_open && found->cell.is_open()) ++open_;
        if (is_full) close(*found, trigger::count, at.watermark);
    }

    /// What is not to be counted changes nothing here.
    template <class Record>
    void preview(const Record&, event_stamp) noexcept {}

    void watermark(timestamp to, trigger why) {
        watermark_ = std::max(watermark_, to);
        this->next.watermark(to, why);
    }

    template <class Key>
    void key_watermark(const Key& sought, timestamp to, trigger why) {
        first_exception thrown;
        if (why == trigger::evicted)
            if (slot* const gone = table_.find(sought)) give_up(*gone, thrown);
        thrown.guard([&] { this->next.key_watermark(sought, to, why); });
        thrown.rethrow();
    }

    std::error_code finish() {
        first_exception thrown;
        if (flushes_)
            table_.for_each([&](slot& each) { flush_windows(each, trigger::stop, thrown); });
        const std::error_code error = thrown.guard([this] { return this->next.finish(); });
        thrown.rethrow();
        return error;
    }

    template <class Stats>
    void collect(Stats& stats) const {
        stats.refused_keys += refused_;
        stats.keys += table_.size();
        stats.open_windows += open_;
        stats.state_bytes += table_.bytes() + pane_bytes_;
        stats.watermark = std::max(stats.watermark, watermark_);
        this->next.collect(stats);
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar.version(1);
        ar(table_, watermark_, refused_, this->next);
        if constexpr (Archive::is_loading) {
            open_ = 0;
            pane_bytes_ = 0;
            table_.for_each([&](slot& each) {
                pane_bytes_ += each.cell.bytes();
                ar.require(each.cell.fits(window_));
                if (each.cell.is_open()) ++open_;
            });
        }
    }

private:
    /// What a key was told of its own time.
    struct key_told {
        timestamp watermark = timestamp::min();
    };
    struct nothing_told {};

    struct slot {
        key_type key{};
        count_cell<window_type, Analyzer> cell{};
        [[no_unique_address]] std::conditional_t<is_key_time<time>, key_told, nothing_told> told{};

        template <class Archive>
        void archive(Archive& ar) {
            ar(key, cell);
            if constexpr (is_key_time<time>) ar(told.watermark);
        }
    };

    void close(slot& of, trigger why, timestamp watermark) {
        const std::size_t before = of.cell.bytes();
        const auto done = of.cell.close(window_);
        pane_bytes_ += of.cell.bytes() - before;
        if (!of.cell.is_open()) --open_;
        const auto& whole = done.whole;
        const timestamp end =
            std::is_same_v<time, no_time> ? whole.last : saturated_add(whole.last, duration{1});
        const record_type row{of.key,
                              {{whole.first, end}, done.number},
                              named_result(whole.state),
                              change::insert,
                              0,
                              true,
                              why,
                              watermark,
                              0};
        this->next.push(row, {std::max(whole.last, watermark), watermark});
    }

    void flush_windows(slot& of, trigger why, first_exception& thrown) {
        while (of.cell.is_open()) {
            if (!this->has_room()) thrown.guard([this] { this->flush(); });
            timestamp told = watermark_;
            if constexpr (is_key_time<time>) told = std::max(told, of.told.watermark);
            thrown.guard([&] { close(of, why, told); });
        }
    }

    void give_up(slot& of, first_exception& thrown) {
        if (flushes_) flush_windows(of, trigger::evicted, thrown);
        if (of.cell.is_open()) --open_;
        pane_bytes_ -= of.cell.bytes();
        table_.erase(of);
    }

    key_by key_by_;
    window_type window_;
    std::size_t key_limit_;
    bool flushes_;
    key_table<key_type, slot> table_;
    timestamp watermark_ = timestamp::min();  // of the whole stream
    std::uint64_t open_ = 0;                  // keys that have an open window
    std::size_t pane_bytes_ = 0;              // beside the slots
    std::uint64_t refused_ = 0;
};

}  // namespace millrace::detail
