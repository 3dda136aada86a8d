#pragma once

#include <algorithm>
#include <cstdint>

#include <millrace/analyzers/analyzer.hpp>
#include <millrace/pipeline/key_table.hpp>
#include <millrace/pipeline/pipeline_stats.hpp>
#include <millrace/windows/windowing.hpp>

namespace millrace::detail {

/// One analyzer a key over all of the stream so far; every event gives a record.
template <class Key, class Analyzer>
class running_state {
public:
    static constexpr bool has_shared_time = false;

    using record_type = record<Key, result_of<Analyzer>>;

    explicit running_state(const unwindowed& settings) : key_limit_{settings.key_limit} {}

    [[nodiscard]] timestamp watermark() const noexcept { return watermark_; }

    template <class Sought, class Event, class Emit, class OnLate>
    void push(const Sought& key, timestamp time, const Event& event, Emit& emit, OnLate&) {
        slot* at = table_.find(key);
        if (at == nullptr) {
            if (table_.size() >= key_limit_) {
                ++refused_;
                return;
            }
            at = &table_.add(key);
        }
        at->state.update(event);
        watermark_ = std::max(watermark_, time);
        emit(record_type{
            at->key, {time, time}, describe(at->state), 0, true, trigger::event, watermark_, 0});
    }

    template <class Emit>
    void advance(timestamp watermark, trigger, Emit&) {
        watermark_ = std::max(watermark_, watermark);
    }
    template <class Emit>
    bool resume(Emit&) {
        return true;
    }
    [[nodiscard]] bool is_behind() const noexcept { return false; }

    template <class Emit>
    void tick(timestamp, Emit&) {}
    template <class Emit>
    void finish(Emit&) {}

    void collect(pipeline_stats& stats) const {
        stats.refused_keys += refused_;
        stats.keys += table_.size();
        if (watermark_ != timestamp::min()) stats.watermark = std::max(stats.watermark, watermark_);
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar.version(1);
        ar(table_, watermark_, refused_);
    }

private:
    struct slot {
        Key key{};
        Analyzer state{};

        template <class Archive>
        void archive(Archive& ar) {
            ar(key, state);
        }
    };

    key_table<Key, slot> table_;
    std::size_t key_limit_;
    timestamp watermark_ = timestamp::min();
    std::uint64_t refused_ = 0;
};

}  // namespace millrace::detail
