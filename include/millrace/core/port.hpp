#pragma once

#include <cstddef>
#include <system_error>
#include <type_traits>

#include <millrace/core/node.hpp>

namespace millrace {

/// By which of its inputs a node is told something, where streams meet: `port<0>` is the first.
/// It converts to std::size_t, for a node to which they are all alike.
///
/// A node with ports has the members of millrace/core/node.hpp. What comes along a stream has the
/// port in front: `push(port, event, at)`, and likewise `update`, `remove`, `preview`,
/// `watermark(port, to, why)`, `idle(port)` and `active(port)`; the others, and `wants_wall_time`,
/// hold for the whole node, and are called once, behind those of the inputs. No stream with
/// `per_key` comes to a port.
template <std::size_t Index>
using port = std::integral_constant<std::size_t, Index>;

namespace detail {

/// The end of an input: the way into a node that is elsewhere, and stays there.
template <std::size_t Index, class Node>
struct port_node {
    static constexpr bool wants_wall_time = false;

    Node* to;

    template <class Event>
    void push(const Event& event, event_stamp at) {
        to->push(port<Index>{}, event, at);
    }
    template <class Event>
    void update(const Event& before, const Event& after, event_stamp at) {
        to->update(port<Index>{}, before, after, at);
    }
    template <class Event>
    void remove(const Event& gone, event_stamp at) {
        to->remove(port<Index>{}, gone, at);
    }
    template <class Record>
    void preview(const Record& row, event_stamp at) {
        to->preview(port<Index>{}, row, at);
    }
    void watermark(timestamp until, trigger why) { to->watermark(port<Index>{}, until, why); }
    void idle() { to->idle(port<Index>{}); }
    void active() { to->active(port<Index>{}); }
    bool resume() { return to->resume(); }
    [[nodiscard]] bool has_room() const { return to->has_room(); }
    void begin_batch() {
        if constexpr (requires { to->begin_batch(); }) to->begin_batch();
    }
    void end_batch() {
        if constexpr (requires { to->end_batch(); }) to->end_batch();
    }
    void flush() { to->flush(); }

    // The node is told behind all inputs, and is counted and saved once.
    void wall_time(timestamp) noexcept {}
    std::error_code finish() noexcept { return {}; }
    void settle() noexcept {}
    template <class Stats>
    void collect(Stats&) const noexcept {}
    template <class Archive>
    void archive(Archive&) noexcept {}
};

}  // namespace detail

}  // namespace millrace
