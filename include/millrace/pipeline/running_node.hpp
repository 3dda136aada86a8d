#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include <millrace/analyzers/analyzer.hpp>
#include <millrace/core/key.hpp>
#include <millrace/core/node.hpp>
#include <millrace/pipeline/key_table.hpp>

namespace millrace::detail {

/// One analyzer a key over all of the stream so far; every event and every correction gives a
/// record.
template <class Stream, class Analyzer, class Next>
class running_node : public forwarding_node<Next> {
    using event = typename Stream::event_type;
    using key_by = typename Stream::key_by_type;
    using key_type = key_of<key_by, event>;
    using record_type = record<key_type, result_of<Analyzer>>;

public:
    running_node(const Stream& in, Next n) : forwarding_node<Next>{std::move(n)}, key_by_{in.key} {}

    void push(const event& one, event_stamp at) {
        const auto& sought = project(key_by_.projection, one);
        slot* found = table_.find(sought);
        if (found == nullptr) {
            if (table_.size() >= key_limit) {
                ++refused_;
                return;
            }
            found = &table_.add(sought);
        }
        found->state.update(one);
        tell(*found, at);
    }

    void update(const event& before, const event& after,
                event_stamp at) requires Stream::is_updating {
        if (is_repetition(before, after)) return;
        slot* const found = table_.find(project(key_by_.projection, before));
        if (found == nullptr) return;
        if (found->key == project(key_by_.projection, after)) {
            found->state.retract(before);
            found->state.update(after);
            tell(*found, at);
        } else {
            remove(before, at);
            push(after, at);
        }
    }

    void remove(const event& gone, event_stamp at) requires Stream::is_updating {
        slot* const found = table_.find(project(key_by_.projection, gone));
        if (found == nullptr) return;
        found->state.retract(gone);
        tell(*found, at);
    }

    /// What is not to be counted changes nothing here.
    template <class Record>
    void preview(const Record&, event_stamp) noexcept {}

    template <class Stats>
    void collect(Stats& stats) const {
        stats.refused_keys += refused_;
        stats.keys += table_.size();
        stats.state_bytes += table_.bytes();
        this->next.collect(stats);
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar.version(1);
        ar(table_, refused_, this->next);
    }

private:
    static constexpr std::size_t key_limit = max_keys{}.value;

    struct slot {
        key_type key{};
        Analyzer state{};

        template <class Archive>
        void archive(Archive& ar) {
            ar(key, state);
        }
    };

    void tell(const slot& of, event_stamp at) {
        this->next.push(record_type{of.key,
                                    {at.time, at.time},
                                    describe(of.state),
                                    change::insert,
                                    0,
                                    true,
                                    trigger::event,
                                    at.watermark,
                                    0},
                        at);
    }

    key_by key_by_;
    key_table<key_type, slot> table_;
    std::uint64_t refused_ = 0;
};

}  // namespace millrace::detail
