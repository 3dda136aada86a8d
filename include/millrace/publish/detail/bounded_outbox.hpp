#pragma once

#include <cstddef>
#include <utility>

#include <millrace/publish/detail/outbox.hpp>
#include <millrace/publish/overflow.hpp>

namespace millrace::detail {

/// How much may wait for one consumer. It is congested from when more than `high_water` waits until
/// no more than `low_water` does.
struct outbox_limits {
    std::size_t max_bytes;
    std::size_t high_water;
    std::size_t low_water;

    [[nodiscard]] static constexpr outbox_limits of(std::size_t max_bytes) noexcept {
        return {max_bytes, max_bytes / 4, max_bytes / 16};
    }
};

/// What came of an attempt to write what waits.
enum class flush_result {
    written,   ///< as much as the transport takes now
    deferred,  ///< nothing yet, which says nothing of how fast the consumer reads
    gone,      ///< nothing ever: the consumer is found to be gone
};

/// What became of a message that was offered to an outbox.
struct offer_result {
    enum class fate {
        queued,    ///< it waits behind all others
        replaced,  ///< it waits in the place of an older one, which is dropped
        refused,   ///< it is dropped: it is larger than what there may be room for
        too_slow,  ///< it is dropped, and its consumer to be disconnected
        gone,      ///< it is not sent: its consumer is found to be gone
    };

    fate what = fate::queued;
    std::size_t dropped = 0;     ///< messages, perhaps this one among them
    bool is_first_loss = false;  ///< since its consumer was congested last

    [[nodiscard]] bool is_sent() const noexcept {
        return what == fate::queued || what == fate::replaced;
    }
};

/// An outbox with limits: it decides what its consumer gets that reads too slowly.
template <class Message>
class bounded_outbox : public basic_outbox<Message> {
    using base = basic_outbox<Message>;
    using fate = offer_result::fate;

public:
    explicit bounded_outbox(outbox_limits limits) noexcept : limits_{limits} {}

    /// Queues a message of data, and does as `when_full` says where it does not fit.
    /// @param flush `flush()` writes what waits, and gives a `flush_result`
    /// @param encode `encode(message)` is what is queued of it; called only if it is
    template <class Flush, class Encode>
    offer_result offer(Message message, overflow_policy when_full, Flush&& flush, Encode&& encode) {
        offer_result result;
        if (is_congested_ && when_full == overflow_policy::conflate && message.subject() != 0) {
            const flush_result flushed = flush();
            if (flushed == flush_result::gone) return {fate::gone};
            if (flushed == flush_result::written && base::size_bytes() > limits_.low_water &&
                base::replace(encode(Message{message}), limits_.max_bytes))
                return {fate::replaced, 1};
        }
        const std::size_t bytes = base::cost(message);
        if (!fits(bytes)) result = make_room(bytes, when_full, flush);
        if (result.what != fate::queued) return result;
        base::push(encode(std::move(message)));
        is_congested_ = is_congested_ || base::size_bytes() > limits_.high_water;
        return result;
    }

    [[nodiscard]] bool is_congested() const noexcept { return is_congested_; }

    /// To be called when less waits than before. True if by that it is congested no longer.
    bool relieve() noexcept {
        if (!is_congested_ || base::size_bytes() > limits_.low_water) return false;
        is_congested_ = has_lost_ = false;
        return true;
    }

private:
    [[nodiscard]] bool fits(std::size_t bytes) const noexcept {
        return base::size_bytes() + bytes <= limits_.max_bytes;
    }

    template <class Flush>
    offer_result make_room(std::size_t bytes, overflow_policy when_full, Flush&& flush) {
        if (flush() == flush_result::gone) return {fate::gone};
        if (fits(bytes)) return {};
        if (when_full == overflow_policy::disconnect) return {fate::too_slow, 1};
        const std::size_t dropped = base::make_room(bytes, limits_.max_bytes);
        const bool is_first = !std::exchange(has_lost_, true);
        if (fits(bytes)) return {fate::queued, dropped, is_first};
        return {fate::refused, dropped + 1, is_first};
    }

    outbox_limits limits_;
    bool is_congested_ = false;
    bool has_lost_ = false;  ///< in this congestion
};

}  // namespace millrace::detail
