#pragma once

#include <cstddef>
#include <stdexcept>
#include <utility>

#include <millrace/core/node.hpp>
#include <millrace/core/projection.hpp>
#include <millrace/pipeline/detail/parallel/key_groups.hpp>

namespace millrace::detail {

/// Refuses what an operator in a section gives under a key that is another loop's.
template <class KeyBy, class Next>
class key_check_node : public forwarding_node<Next> {
public:
    key_check_node(KeyBy key, key_groups groups, std::size_t loop, Next n)
        : forwarding_node<Next>{std::move(n)}, key_{std::move(key)}, groups_{groups}, loop_{loop} {}

    template <class Event>
    void push(const Event& one, event_stamp at) {
        check(one);
        this->next.push(one, at);
    }
    template <class Event>
    void update(const Event& before, const Event& after, event_stamp at) {
        check(before);
        check(after);
        this->next.update(before, after, at);
    }
    template <class Event>
    void remove(const Event& gone, event_stamp at) {
        check(gone);
        this->next.remove(gone, at);
    }
    template <class Record>
    void preview(const Record& row, event_stamp at) {
        check(row);
        this->next.preview(row, at);
    }

private:
    template <class Event>
    void check(const Event& one) const {
        if (groups_.loop_of(project(key_.projection, one)) != loop_) [[unlikely]]
            throw std::logic_error{
                "parallel: a map in it gives an event another key; put it before, or behind"};
    }

    KeyBy key_;
    key_groups groups_;
    std::size_t loop_;
};

}  // namespace millrace::detail
