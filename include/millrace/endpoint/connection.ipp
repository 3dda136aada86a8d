#pragma once

#include <millrace/endpoint/connection.hpp>

namespace millrace {

MILLRACE_INLINE void connection::close(websocket::close_code code, std::string_view reason) {
    if (!is_open_) return;
    is_open_ = false;
    close_code_ = static_cast<std::uint16_t>(code);
    outbox_.push(
        loop_->frames.make(websocket::opcode::close, websocket::close_payload(code, reason)),
        detail::outbox::kind::control);
    schedule();
}

MILLRACE_INLINE void connection::resume_reading() {
    if (!std::exchange(is_paused_, false)) return;
    pause_changed_at_ = loop_->now;
    schedule();
}

MILLRACE_INLINE std::optional<std::string> connection::query(std::string_view name) const {
    const auto parsed = http::request_target::parse(target_);
    return parsed ? parsed->query(name) : std::nullopt;
}

MILLRACE_INLINE websocket::frame connection::framed(const payload& record) const {
    websocket::frame made = loop_->frames.make(websocket::opcode::text, record.bytes());
    made.set_subject(record.subject());
    return made;
}

MILLRACE_INLINE void connection::schedule() {
    if (std::exchange(is_scheduled_, true)) return;
    loop_->schedule(shared_from_this());
}

MILLRACE_INLINE bool connection::conflate(const websocket::frame& message) {
    if (!is_congested_ || needs_every_frame_ || message.subject() == 0) return false;
    write_out();
    if (outbox_.size_bytes() <= options_.outbox_low_water) return false;
    const bool is_done =
        outbox_.replace(is_compressed_ ? compress(message) : message, options_.outbox_bytes);
    if (is_done) ++loop_->counters.frames_dropped;
    return is_done;
}

MILLRACE_INLINE bool connection::make_room(std::size_t bytes, overflow_policy when_full) {
    write_out();
    if (!is_open_) return false;
    const auto fits = [&] { return outbox_.size_bytes() + bytes <= options_.outbox_bytes; };
    if (fits()) return true;
    if (when_full == overflow_policy::disconnect || needs_every_frame_) {
        ++loop_->counters.frames_dropped;
        end_slow();
        return false;
    }
    loop_->counters.frames_dropped += outbox_.make_room(bytes, options_.outbox_bytes);
    if (!fits()) ++loop_->counters.frames_dropped;
    if (!std::exchange(is_loss_told_, true))
        loop_->tell(log_severity::warning, log_event::slow_consumer, id_,
                    "messages are dropped: it reads too slowly");
    return fits();
}

MILLRACE_INLINE void connection::end_slow() {
    loop_->counters.frames_dropped += outbox_.drop_all();
    ++loop_->counters.slow_disconnects;
    loop_->tell(log_severity::warning, log_event::slow_consumer, id_,
                "closed: it reads too slowly");
    close(websocket::close_code::try_again_later, "too slow");
}

}  // namespace millrace
