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

MILLRACE_INLINE void connection::on_loss(const detail::offer_result& result) {
    loop_->counters.frames_dropped += result.dropped;
    if (result.what == detail::offer_result::fate::gone) ++loop_->counters.frames_unsent;
    if (result.is_first_loss)
        loop_->tell(log_severity::warning, log_event::slow_consumer, id_,
                    "messages are dropped: it reads too slowly");
    if (result.what == detail::offer_result::fate::too_slow) end_slow();
}

MILLRACE_INLINE void connection::end_slow() {
    loop_->counters.frames_dropped += outbox_.drop_all();
    ++loop_->counters.slow_disconnects;
    loop_->tell(log_severity::warning, log_event::slow_consumer, id_,
                "closed: it reads too slowly");
    close(websocket::close_code::try_again_later, "too slow");
}

}  // namespace millrace
