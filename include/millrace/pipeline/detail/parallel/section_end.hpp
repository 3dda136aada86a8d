#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/core/detail/text_arena.hpp>
#include <millrace/core/key.hpp>
#include <millrace/core/node.hpp>
#include <millrace/core/owned_views.hpp>
#include <millrace/core/projection.hpp>
#include <millrace/core/record.hpp>
#include <millrace/core/timestamp.hpp>
#include <millrace/pipeline/detail/parallel/key_check_node.hpp>
#include <millrace/pipeline/detail/parallel/key_groups.hpp>
#include <millrace/pipeline/detail/parallel/portable.hpp>
#include <millrace/pipeline/detail/parallel/section_outputs.hpp>

namespace millrace::detail {

/// A copy whose texts lie in `texts`.
template <class Event>
[[nodiscard]] Event copy_into(text_arena& texts, const Event& one) {
    Event copy{one};
    if constexpr (has_views<Event>()) {
        const auto keep = [&texts](std::string_view text) { return texts.keep(text); };
        own_views(copy, keep);
    }
    return copy;
}

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
        put(one, [&](text_arena& texts) {
            return [copy = copy_into(texts, one), at](Exit& exit) {
                exit.in_batch().push(copy, exit.stamp(at));
            };
        });
    }
    template <class Event>
    void update(const Event& before, const Event& after, event_stamp at) {
        put(after, [&](text_arena& texts) {
            return [was = copy_into(texts, before), is = copy_into(texts, after), at](Exit& exit) {
                exit.in_batch().update(was, is, exit.stamp(at));
            };
        });
    }
    template <class Event>
    void remove(const Event& gone, event_stamp at) {
        put(gone, [&](text_arena& texts) {
            return [copy = copy_into(texts, gone), at](Exit& exit) {
                exit.in_batch().remove(copy, exit.stamp(at));
            };
        });
    }
    template <class Record>
    void preview(const Record& row, event_stamp at) {
        put(row, [&](text_arena& texts) {
            return [copy = copy_into(texts, row), at](Exit& exit) { exit.show(copy, at); };
        });
    }
    void watermark(timestamp to, trigger why) { to_->set_watermark(to, why); }

private:
    template <class Event, class Make>
    void put(const Event& one, const Make& make) {
        to_->put(rank_of<Exit>(key_, one), make);
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

    section_sink(Context& context, section_outputs<Exit>& to, section_topics& topics,
                 key_groups groups, std::size_t loop) noexcept
        : context_{context}, to_{&to}, topics_{topics}, groups_{groups}, loop_{loop} {}

    /// In front of `next`, where an operator may have changed the key.
    template <class Stream, class Next>
    [[nodiscard]] auto check_key(const Stream& in, Next next) const {
        using key_by = typename Stream::key_by_type;
        if constexpr (std::same_as<key_by, unkeyed>) {
            return next;
        } else {
            return key_check_node<key_by, Next>{in.key, groups_, loop_, std::move(next)};
        }
    }

    template <class Event, class KeyBy>
    [[nodiscard]] auto open(std::string_view topic, const KeyBy& key) {
        static_assert(is_portable<Event>,
                      "parallel needs: what its stages publish to have a schema, and copies that "
                      "refer to nothing but texts that it names (see "
                      "millrace/core/owned_views.hpp)");
        static_assert(!Exit::is_ordered || !std::same_as<KeyBy, unkeyed>,
                      "parallel needs: where it is ordered, what comes out to have a key; put "
                      "the map behind it (see millrace/pipeline/parallel.hpp)");
        using channel = decltype(context_.template open<Event>(topic, key));
        if (next_ == topics_.size())
            topics_.push_back(std::make_shared<channel>(context_.template open<Event>(topic, key)));
        auto to_topic = std::static_pointer_cast<channel>(topics_[next_++]);
        return [to = to_, key, to_topic](const Event& one) {
            to->put(rank_of<Exit>(key, one), [&](text_arena& texts) {
                return [topic = to_topic.get(), copy = copy_into(texts, one)](Exit&) {
                    (*topic)(copy);
                };
            });
        };
    }

private:
    Context& context_;
    section_outputs<Exit>* to_;
    section_topics& topics_;
    key_groups groups_;
    std::size_t loop_;
    std::size_t next_ = 0;
};

}  // namespace millrace::detail
