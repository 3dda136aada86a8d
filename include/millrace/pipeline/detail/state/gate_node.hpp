#pragma once

#include <utility>

#include <millrace/core/key.hpp>
#include <millrace/core/node.hpp>
#include <millrace/core/projection.hpp>
#include <millrace/pipeline/detail/keys/key_sweep.hpp>
#include <millrace/pipeline/detail/keys/limited_keys.hpp>
#include <millrace/pipeline/key_limits.hpp>

namespace millrace::detail {

/// Lets through the events that a rule admits, by what it has noted of their key. An event at which
/// something throws behind it has not passed: it may come again.
///
/// An event costs a look-up. With each two keys are looked at, and go if there is nothing to be
/// known of them any more.
///
/// @tparam Rule has a type `state`, with `archive(ar)`; `admits(state, event, stamp)`;
/// `passed(state, event, stamp)` behind that; and `is_over(state, watermark)`: whether it is as
/// good as new
template <class KeyBy, class Event, class Rule, class Next>
class gate_node : public forwarding_node<Next> {
public:
    gate_node(KeyBy by, Rule rule, const key_limits& limits, Next n)
        : forwarding_node<Next>{std::move(n)},
          key_by_{std::move(by)},
          rule_{std::move(rule)},
          keys_{limits} {}

    void push(const Event& one, event_stamp at) {
        sweep_(keys_, 2, [this](slot& each) {
            keys_.make_room_to_erase();
            if (rule_.is_over(each.state, watermark_)) keys_.erase(each);
        });
        slot* const of = keys_.find_or_add(project(key_by_.projection, one));
        if (of == nullptr) return;
        if (rule_.is_over(of->state, watermark_)) of->state = {};
        if (!rule_.admits(of->state, one, at)) return;
        this->next.push(one, at);
        rule_.passed(of->state, one, at);
    }
    /// What is not to be counted is not noted.
    template <class Record>
    void preview(const Record&, event_stamp) noexcept {}

    void watermark(timestamp to, trigger why) {
        watermark_ = to;
        this->next.watermark(to, why);
    }

    template <class Stats>
    void collect(Stats& stats) const {
        keys_.collect(stats);
        this->next.collect(stats);
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar.version(1);
        ar(keys_, watermark_, sweep_, this->next);
    }

private:
    struct slot {
        key_of<KeyBy, Event> key{};
        typename Rule::state state{};
        bool is_used = false;
        bool is_recent = false;

        void recycle() noexcept { *this = slot{}; }

        template <class Archive>
        void archive(Archive& ar) {
            ar(key, state, is_recent);
        }
    };

    KeyBy key_by_;
    Rule rule_;
    limited_keys<key_of<KeyBy, Event>, slot> keys_;
    timestamp watermark_ = timestamp::min();
    key_sweep sweep_;
};

}  // namespace millrace::detail
