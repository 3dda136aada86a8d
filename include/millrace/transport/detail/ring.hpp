#pragma once

#include <utility>

namespace millrace::detail {

/// A member of at most one ring, which it leaves when it is destroyed. A ring's head is one too.
class ring_member {
public:
    ring_member() = default;
    ring_member(const ring_member&) = delete;
    ring_member& operator=(const ring_member&) = delete;
    ~ring_member() { leave(); }

    [[nodiscard]] bool is_alone() const noexcept { return next_ == this; }
    [[nodiscard]] ring_member& next() const noexcept { return *next_; }

    /// As the last one before `head`.
    void join(ring_member& head) noexcept {
        leave();
        previous_ = std::exchange(head.previous_, this);
        previous_->next_ = this;
        next_ = &head;
    }

    void leave() noexcept {
        previous_->next_ = next_;
        next_->previous_ = previous_;
        previous_ = next_ = this;
    }

    /// Sends all other members of this head's ring to that of `head`.
    void send_all(ring_member& head) noexcept {
        while (!is_alone()) next().join(head);
    }

private:
    ring_member* previous_ = this;
    ring_member* next_ = this;
};

}  // namespace millrace::detail
