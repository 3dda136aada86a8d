#pragma once

#include <utility>

#include <millrace/analyzers/analyzer.hpp>
#include <millrace/core/key.hpp>
#include <millrace/core/node.hpp>
#include <millrace/pipeline/detail/keys/limited_keys.hpp>
#include <millrace/pipeline/detail/windows/correction.hpp>

namespace millrace::detail {

/// One analyzer a key over all of the stream so far; every event and every correction gives a
/// record.
template <class Stream, class Analyzer, class Next>
class aggregate_node : public forwarding_node<Next> {
    using event = typename Stream::event_type;
    using key_by = typename Stream::key_by_type;
    using key_type = key_of<key_by, event>;
    using record_type = record<key_type, result_of<Analyzer>>;

public:
    aggregate_node(const Stream& in, const key_limits& limits, Next n)
        : forwarding_node<Next>{std::move(n)}, key_by_{in.key}, keys_{limits} {}

    void push(const event& one, event_stamp at) {
        slot* const found = keys_.find_or_add(project(key_by_.projection, one));
        if (found == nullptr) return;
        found->state.update(one);
        tell(*found, at);
    }

    void update(const event& before, const event& after,
                event_stamp at) requires Stream::is_updating {
        if (is_repetition(before, after)) return;
        if (!stays_in_place<Analyzer>(key_by_, before, after))
            return remove_and_push(*this, before, after, at);
        slot* const found = keys_.find(project(key_by_.projection, after));
        if (found == nullptr) return;
        found->state.retract(before);
        found->state.update(after);
        tell(*found, at);
    }

    void remove(const event& gone, event_stamp at) requires Stream::is_updating {
        if (is_refused_by<Analyzer>(gone)) return;
        slot* const found = keys_.find(project(key_by_.projection, gone));
        if (found == nullptr) return;
        found->state.retract(gone);
        tell(*found, at);
    }

    /// What is not to be counted changes nothing here.
    template <class Record>
    void preview(const Record&, event_stamp) noexcept {}

    template <class Stats>
    void collect(Stats& stats) const {
        keys_.collect(stats);
        this->next.collect(stats);
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar.require(ar.version(2) == 2);  // what the first held is not known here
        ar(keys_, this->next);
    }

private:
    struct slot {
        key_type key{};
        Analyzer state{};
        bool is_used = false;
        bool is_recent = false;

        template <class Archive>
        void archive(Archive& ar) {
            ar(key, state, is_recent);
        }
    };

    void tell(const slot& of, event_stamp at) {
        this->next.push(record_type{of.key,
                                    {at.time, at.time},
                                    named_result(of.state),
                                    change::insert,
                                    0,
                                    true,
                                    trigger::event,
                                    at.watermark,
                                    0},
                        at);
    }

    key_by key_by_;
    limited_keys<key_type, slot> keys_;
};

}  // namespace millrace::detail
