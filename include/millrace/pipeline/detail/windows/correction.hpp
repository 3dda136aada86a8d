#pragma once

#include <millrace/analyzers/analyzer.hpp>
#include <millrace/core/detail/first_exception.hpp>
#include <millrace/core/node.hpp>
#include <millrace/core/projection.hpp>

namespace millrace::detail {

/// Whether an event takes the place of `before` in the same state of the same key.
template <class Analyzer, class KeyedBy, class Event>
[[nodiscard]] bool stays_in_place(const KeyedBy& by, const Event& before, const Event& after) {
    return project(by.projection, before) == project(by.projection, after) &&
           !is_refused_by<Analyzer>(before) && !is_refused_by<Analyzer>(after);
}

/// Where it does not.
template <class Node, class Event>
void remove_and_push(Node& in, const Event& before, const Event& after, event_stamp at) {
    first_exception thrown;
    thrown.guard([&] { in.remove(before, at); });
    thrown.guard([&] { in.push(after, at); });
    thrown.rethrow();
}

}  // namespace millrace::detail
