#pragma once

#include <millrace/endpoint/detail/sessions/outbox.hpp>

namespace millrace::detail {

MILLRACE_INLINE bool outbox::replace(const websocket::frame& f, std::size_t max_bytes) {
    if (newest_.size() < frames()) make_index();
    entry* const found = find(f.subject());
    if (found == nullptr) return false;
    const std::size_t bytes = bytes_ - cost(found->bytes) + cost(f);
    if (bytes > max_bytes) return false;
    bytes_ = bytes;
    found->bytes = f;
    return true;
}

MILLRACE_INLINE void outbox::push_pong(websocket::frame f) {
    const std::size_t at = unwritten();
    if (at < queue_.size() && queue_[at].what == kind::pong) {
        bytes_ += cost(f) - cost(queue_[at].bytes);
        queue_[at].bytes = std::move(f);
        return;
    }
    bytes_ += cost(f);
    entry pong{std::move(f), 0, kind::pong};
    if (first_ != 0) {
        std::move(queue_.begin() + offset(first_), queue_.begin() + offset(at),
                  queue_.begin() + offset(first_ - 1));
        --first_;
        queue_[at - 1] = std::move(pong);
    } else {
        queue_.insert(queue_.begin() + offset(at), std::move(pong));
        --first_number_;
    }
}

MILLRACE_INLINE bool outbox::drop_oldest() {
    const auto from = queue_.begin() + offset(unwritten());
    if (from > queue_.end()) return false;
    const auto oldest =
        std::find_if(from, queue_.end(), [](const entry& e) { return e.what == kind::data; });
    if (oldest == queue_.end()) return false;
    bytes_ -= cost(oldest->bytes);
    std::move_backward(queue_.begin() + offset(first_), oldest, oldest + 1);
    pop();
    return true;
}

MILLRACE_INLINE void outbox::make_index() {
    newest_.assign(std::bit_ceil(std::max(frames(), max_idle_entries)), first_number_ - 1);
    for (std::size_t i = unwritten(); i < queue_.size(); ++i) add_to_index(i);
}

MILLRACE_INLINE void outbox::add_to_index(std::size_t place) {
    entry& added = queue_[place];
    if (added.what != kind::data || added.bytes.subject() == 0) return;
    std::uint32_t& newest = newest_of(added.bytes.subject());
    added.older = std::exchange(newest, first_number_ + static_cast<std::uint32_t>(place));
}

MILLRACE_INLINE outbox::entry* outbox::find(std::uint64_t subject) {
    if (queue_.empty()) return nullptr;
    std::uint32_t number = newest_of(subject);
    for (std::size_t behind = queue_.size();;) {
        // Those that are gone are not taken out of their chain, which ends at the first number
        // that is not of an older one that waits.
        const std::size_t place = static_cast<std::uint32_t>(number - first_number_);
        if (place < unwritten() || place >= behind) return nullptr;
        entry& at = queue_[place];
        if (at.what == kind::data && at.bytes.subject() == subject) return &at;
        behind = place;
        number = at.older;
    }
}

}  // namespace millrace::detail
