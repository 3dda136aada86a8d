#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <millrace/core/key.hpp>
#include <millrace/core/node.hpp>
#include <millrace/core/owned_views.hpp>
#include <millrace/core/projection.hpp>
#include <millrace/core/record.hpp>
#include <millrace/core/timestamp.hpp>
#include <millrace/pipeline/detail/parallel/key_groups.hpp>
#include <millrace/pipeline/detail/parallel/section_outputs.hpp>
#include <millrace/pipeline/detail/state/kept_event.hpp>

namespace millrace::detail {

/// What comes out of a section, until it is taken.
template <class Event>
class given_event {
public:
    explicit given_event(const Event& one) : value_{one} {}
    [[nodiscard]] const Event& value() const noexcept { return value_; }

private:
    Event value_;
};
template <class Event>
requires(has_views<Event>()) class given_event<Event> : public kept_event<Event> {
public:
    using kept_event<Event>::kept_event;
};

/// The rank of what has this key: of one cause, the loops' results are put in order by that.
template <class Exit, class KeyBy, class Event>
[[nodiscard]] std::size_t rank_of(const KeyBy& key, const Event& one) {
    if constexpr (Exit::is_ordered) {
        return key_groups::hash(project(key.projection, one));
    } else {
        return 0;
    }
}

/// Where the stages of a section end, in one of its loops.
template <class Exit, class KeyBy>
class section_end_node : public end_node {
public:
    section_end_node(section_outputs<Exit>& to, KeyBy key) : to_{&to}, key_{std::move(key)} {}

    template <class Event>
    void push(const Event& one, event_stamp at) {
        put(one, [given = given_event<Event>{one}, at](Exit& exit) {
            exit.next.push(given.value(), at);
        });
    }
    template <class Event>
    void update(const Event& before, const Event& after, event_stamp at) {
        put(after, [was = given_event<Event>{before}, is = given_event<Event>{after},
                    at](Exit& exit) { exit.next.update(was.value(), is.value(), at); });
    }
    template <class Event>
    void remove(const Event& gone, event_stamp at) {
        put(gone, [given = given_event<Event>{gone}, at](Exit& exit) {
            exit.next.remove(given.value(), at);
        });
    }
    template <class Record>
    void preview(const Record& row, event_stamp at) {
        put(row,
            [given = given_event<Record>{row}, at](Exit& exit) { exit.show(given.value(), at); });
    }
    void watermark(timestamp to, trigger why) noexcept { to_->set_watermark(to, why); }

private:
    template <class Event, class Call>
    void put(const Event& one, Call call) {
        to_->put(rank_of<Exit>(key_, one), std::move(call));
    }

    section_outputs<Exit>* to_;
    KeyBy key_;
};

/// Makes the end of a section's stages, see build.hpp.
template <class Exit>
struct section_end {
    section_outputs<Exit>* to;
    std::string_view topic;

    template <class Stream>
    [[nodiscard]] auto make_node(const Stream& in) const {
        return section_end_node<Exit, typename Stream::key_by_type>{*to, in.key};
    }
};

/// The topics that the stages of a section open, each once for all loops: in the order in which
/// they are opened, which is the same for each.
using section_topics = std::vector<std::shared_ptr<void>>;

/// What stages in a section publish goes to the pipeline's sink by its thread.
template <class Context, class Exit>
class section_sink {
public:
    using is_in_section = void;

    section_sink(Context& context, section_outputs<Exit>& to, section_topics& topics) noexcept
        : context_{context}, to_{&to}, topics_{topics} {}

    template <class Event, class KeyBy>
    [[nodiscard]] auto open(std::string_view topic, const KeyBy& key) {
        using channel = decltype(context_.template open<Event>(topic, key));
        if (next_ == topics_.size())
            topics_.push_back(std::make_shared<channel>(context_.template open<Event>(topic, key)));
        auto to_topic = std::static_pointer_cast<channel>(topics_[next_++]);
        return [to = to_, key, to_topic](const Event& one) {
            to->put(rank_of<Exit>(key, one),
                    [topic = to_topic.get(), given = given_event<Event>{one}](Exit&) {
                        (*topic)(given.value());
                    });
        };
    }

private:
    Context& context_;
    section_outputs<Exit>* to_;
    section_topics& topics_;
    std::size_t next_ = 0;
};

}  // namespace millrace::detail
