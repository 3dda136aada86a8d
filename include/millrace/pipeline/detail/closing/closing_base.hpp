#pragma once

#include <system_error>
#include <utility>

#include <millrace/core/detail/at_exit.hpp>
#include <millrace/core/detail/first_exception.hpp>
#include <millrace/core/node.hpp>
#include <millrace/pipeline/detail/closing/closing_pace.hpp>

namespace millrace::detail {

/// Windows of a stream of one watermark, which close in slices: how what is due waits and goes on.
///
/// `Node` derives from it, is its friend, and has
///
/// | member             | meaning                                                               |
/// |--------------------|-----------------------------------------------------------------------|
/// | `is_due(to)`       | whether something becomes of a window at this watermark, or closes    |
/// | `close_windows()`  | closes what is due, while `may_close()`; false where it is put off    |
/// | `end_close()`      | all that was due has closed                                           |
/// | `begin_preview()`  | the open windows are to be shown                                      |
/// | `show_windows()`   | shows the next ones, while `may_close()`; false where it is put off   |
/// | `fire_intervals()` | with an interval: gives what is due by the wall's clock, likewise     |
///
/// @tparam Base of the node, a `window_base`
template <class Node, class Base>
class closing_base : public Base {
public:
    [[gnu::always_inline]] void watermark(timestamp to, trigger why) {
        if (to <= watermark_) return;
        if (node().is_due(to)) [[unlikely]]
            return close_until(to, why);
        watermark_ = passed_on_ = to;
        this->next_.watermark(to, why);
    }

    template <class Key>
    void key_watermark(const Key&, timestamp, trigger) noexcept {}
    template <class Key>
    void key_idle(const Key&) noexcept {}

    void idle() {
        if (is_closing_) catch_up();
        node().begin_preview();
        is_previewing_ = true;
        preview_open();
        this->next_.idle();
    }

    bool resume() {
        if (!this->next_.resume()) return false;
        if (is_closing_) {
            close_due(why_);
            if (is_closing_) return false;
            pass_on();
        }
        preview_open();
        fire_early();
        return !is_previewing_ && !is_firing_early_ && this->next_.resume();
    }

    void wall_time(timestamp now) {
        if constexpr (Base::has_interval) {
            if (is_closing_) catch_up();
            this->intervals_.read(now);
            is_firing_early_ = true;
            fire_early();
        }
        this->next_.wall_time(now);
    }

    std::error_code finish() {
        first_exception thrown;
        is_finished_ = true;
        thrown.guard([this] { close_due(trigger::stop); });
        while (is_closing_) {
            if (!this->has_room()) thrown.guard([this] { this->flush(); });
            pace_ = {.waits_for_room = this->has_room()};
            thrown.guard([this] { resume(); });
        }
        is_finished_ = false;
        const std::error_code error = thrown.guard([this] { return this->next_.finish(); });
        thrown.rethrow();
        return error;
    }

protected:
    template <class... Arguments>
    explicit closing_base(closing_pace& pace, Arguments&&... arguments)
        : Base{std::forward<Arguments>(arguments)...}, pace_{pace} {}

    [[nodiscard]] bool may_close() {
        return !pace_.is_behind && pace_.take([this] { return this->has_room(); });
    }

    /// An operator may give several events before it can be held back: what is due closes first.
    void catch_up() {
        closing_pace before = std::exchange(pace_, {});
        if (before.is_behind) before.left = 0;
        const at_exit restore{[this, before] {
            pace_ = before;
            pace_.is_behind |= is_closing_;
        }};
        resume();
    }

    template <class Archive>
    void archive_closing(Archive& ar) {
        ar(watermark_, passed_on_, why_, is_closing_);
    }

    timestamp watermark_ = timestamp::min();
    timestamp passed_on_ = timestamp::min();  // the watermark that the stages behind were told
    trigger why_ = trigger::watermark;        // of what closes
    bool is_closing_ = false;
    bool is_previewing_ = false;
    bool is_finished_ = false;  // nothing more will come

private:
    [[nodiscard]] Node& node() noexcept { return static_cast<Node&>(*this); }

    /// What an earlier watermark closes comes first: by a later one it would be final too soon.
    [[gnu::noinline]] void close_until(timestamp to, trigger why) {
        if (is_closing_) catch_up();
        watermark_ = to;
        close_due(why);
        if (!is_closing_) pass_on();
    }

    /// Where it is put off, or a consumer throws, events catch up first: it goes on behind the
    /// record that was given last.
    void close_due(trigger why) {
        why_ = why;
        is_closing_ = true;
        const at_exit tell{[this] { pace_.is_behind |= is_closing_; }};
        if (!node().close_windows()) return;
        is_closing_ = false;
        node().end_close();
    }

    void pass_on() {
        passed_on_ = watermark_;
        this->next_.watermark(watermark_, why_);
    }

    void preview_open() {
        if (!is_previewing_) return;
        const at_exit tell{[this] { pace_.is_behind |= is_previewing_; }};
        is_previewing_ = !node().show_windows();
    }

    void fire_early() {
        if constexpr (Base::has_interval) {
            if (!is_firing_early_) return;
            const at_exit tell{[this] { pace_.is_behind |= is_firing_early_; }};
            is_firing_early_ = !node().fire_intervals();
        }
    }

    closing_pace& pace_;
    bool is_firing_early_ = false;
};

}  // namespace millrace::detail
