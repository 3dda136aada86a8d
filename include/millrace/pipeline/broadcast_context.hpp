#pragma once

#include <utility>

#include <millrace/core/node.hpp>
#include <millrace/core/timestamp.hpp>

namespace millrace {

/// What the function of `with_broadcast` for events is given: the broadcast state and the way out.
/// For as long as the call lasts.
template <class Node>
class broadcast_context {
public:
    using broadcast_type = typename Node::broadcast_type;
    using output_type = typename Node::output_type;

    broadcast_context(Node& node, event_stamp stamp) noexcept : node_{node}, stamp_{stamp} {}
    broadcast_context(const broadcast_context&) = delete;
    broadcast_context& operator=(const broadcast_context&) = delete;

    /// What the rules so far have made of the state.
    [[nodiscard]] const broadcast_type& broadcast() const noexcept { return node_.broadcast(); }

    /// Gives an event to what follows, at the time of the event in hand.
    void emit(const output_type& out) { node_.next.push(out, stamp_); }

    /// Of the event in hand; of no meaning where the stream has no time.
    [[nodiscard]] timestamp time() const noexcept { return stamp_.time; }
    /// Nothing earlier is expected.
    [[nodiscard]] timestamp watermark() const noexcept { return stamp_.watermark; }

private:
    Node& node_;
    event_stamp stamp_;
};

namespace detail {

/// Functions, and the state that they share.
template <class Broadcast, class Functions>
struct broadcast_functions : Functions {
    using broadcast_type = Broadcast;
    Broadcast broadcast{};
};

/// Runs a function of the user's for each event.
template <class Out, class Functions, class Next>
struct broadcast_call : forwarding_node<Next> {
    using output_type = Out;
    using broadcast_type = typename Functions::broadcast_type;
    using context = broadcast_context<broadcast_call>;

    Functions of;

    [[nodiscard]] Functions& functions() noexcept { return of; }
    [[nodiscard]] const broadcast_type& broadcast() const noexcept { return of.broadcast; }

    template <class Event>
    void push(const Event& one, event_stamp at) {
        context ctx{*this, at};
        of.event(ctx, one);
    }
    /// What is not to be counted is told to no function.
    template <class Record>
    void preview(const Record&, event_stamp) noexcept {}
};

}  // namespace detail

}  // namespace millrace
