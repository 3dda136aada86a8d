#pragma once

#include <millrace/client/detail/outbox.hpp>

namespace millrace::detail {

MILLRACE_INLINE void client_outbox::lost() {
    is_open_ = false;
    if (std::exchange(written_, 0) != 0) drop(queue_.begin());
    for (auto at = queue_.begin(); at != queue_.end();) {
        at->compressed = {};
        at->is_prepared = false;
        at = at->what == kind::message ? at + 1 : drop(at);
    }
}

MILLRACE_INLINE void client_outbox::discard() {
    lost();
    while (!queue_.empty()) drop(queue_.begin());
}

MILLRACE_INLINE bool client_outbox::push(websocket::frame bytes, kind what) {
    const bool is_taken = what == kind::greeting ? greeting_bytes_ + cost(bytes) <= max_bytes_
                                                 : make_room(cost(bytes));
    if (!is_taken) return false;
    insert(what == kind::greeting ? behind_greetings() : queue_.end(), std::move(bytes), what);
    return true;
}

MILLRACE_INLINE void client_outbox::overtake(websocket::frame bytes, kind what) {
    const auto last = std::find_if(front(), queue_.end(), [what](const entry& each) {
        return each.what == what || !is_control(each.what);
    });
    if (last != queue_.end() && last->what == what) drop(last);
    insert(front(), std::move(bytes), what);
}

MILLRACE_INLINE std::size_t client_outbox::gather(std::span<asio::const_buffer> out) const {
    if (!is_open_) return 0;
    std::size_t count = 0;
    while (count != std::min(out.size(), queue_.size())) {
        const auto& next = queue_[count];
        const auto bytes = next.to_write();
        out[count++] = asio::buffer(bytes.data(), bytes.size());
        if (next.what == kind::close) break;
    }
    if (count != 0) out[0] += written_;
    return count;
}

MILLRACE_INLINE void client_outbox::written(std::size_t bytes) {
    written_ += bytes;
    while (!queue_.empty() && written_ >= queue_.front().to_write().size()) {
        const entry& done = queue_.front();
        written_ -= done.to_write().size();
        release(done);
        if (!is_control(done.what)) ++messages_;
        if (done.what == kind::close) is_open_ = false;
        queue_.pop_front();
    }
}

MILLRACE_INLINE client_outbox::iterator client_outbox::behind_greetings() noexcept {
    return std::find_if(front(), queue_.end(), [](const entry& each) {
        return may_drop(each) || each.what == kind::close;
    });
}

MILLRACE_INLINE void client_outbox::insert(iterator at, websocket::frame bytes, kind what) {
    bytes_ += cost(bytes);
    if (what == kind::greeting) greeting_bytes_ += cost(bytes);
    queue_.insert(at, {std::move(bytes), what});
}

MILLRACE_INLINE void client_outbox::release(const entry& gone) {
    bytes_ -= cost(gone.bytes);
    if (gone.what == kind::greeting) greeting_bytes_ -= cost(gone.bytes);
}

MILLRACE_INLINE void client_outbox::forget(const entry& dropped) {
    release(dropped);
    if (!is_control(dropped.what)) ++dropped_;
}

MILLRACE_INLINE client_outbox::iterator client_outbox::drop(iterator at) {
    forget(*at);
    return queue_.erase(at);
}

MILLRACE_INLINE bool client_outbox::make_room(std::size_t bytes) {
    const std::size_t waiting = bytes_ - greeting_bytes_;
    if (waiting + bytes <= max_bytes_) return true;
    if (when_full_ == full_outbox::refuse || bytes > max_bytes_) return false;
    std::size_t freed = 0;
    const auto last = std::find_if(front(), queue_.end(), [&](const entry& each) {
        if (may_drop(each)) freed += cost(each.bytes);
        return waiting - freed + bytes <= max_bytes_;
    });
    if (last == queue_.end()) return false;
    const auto behind = std::next(last);
    const auto kept = std::remove_if(front(), behind, [this](const entry& each) {
        const bool is_dropped = may_drop(each);
        if (is_dropped) forget(each);
        return is_dropped;
    });
    queue_.erase(kept, behind);
    return true;
}

}  // namespace millrace::detail
