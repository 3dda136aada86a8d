#pragma once

#include <system_error>
#include <utility>

#include <millrace/core/record.hpp>
#include <millrace/pipeline/closing_pace.hpp>
#include <millrace/pipeline/pipeline_stats.hpp>

namespace millrace::detail {

/// A running stage: takes events by `push` and hands results to the next, which it owns. All
/// calls are resolved at compile time. `finish` gives the first error of the storages. Where
/// closing was paused (see `closing_pace`), `resume` goes on, and is true once nothing waits any
/// more; `has_room` is whether all storages have.
struct end_node {
    template <class Event>
    void push(const Event&) noexcept {}
    void advance(timestamp, trigger) noexcept {}
    void tick(timestamp) noexcept {}
    std::error_code finish() noexcept { return {}; }
    bool resume() noexcept { return true; }
    [[nodiscard]] bool has_room() const noexcept { return true; }
    void flush() noexcept {}
    void collect(pipeline_stats&) const noexcept {}
    template <class Archive>
    void archive(Archive&) noexcept {}
};

template <class Next>
struct forwarding_node {
    Next next;

    void advance(timestamp watermark, trigger why) { next.advance(watermark, why); }
    void tick(timestamp wall) { next.tick(wall); }
    std::error_code finish() { return next.finish(); }
    bool resume() { return next.resume(); }
    [[nodiscard]] bool has_room() const { return next.has_room(); }
    void flush() { next.flush(); }
    void collect(pipeline_stats& stats) const { next.collect(stats); }
};

template <class Operator, class Next>
struct operator_node : forwarding_node<Next> {
    Operator op;

    operator_node(Operator o, Next n) : forwarding_node<Next>{std::move(n)}, op{std::move(o)} {}

    template <class Event>
    void push(const Event& event) {
        op.apply(event, [this](const auto& out) { this->next.push(out); });
    }
    template <class Archive>
    void archive(Archive& ar) {
        if constexpr (requires { op.archive(ar); }) ar(op);
        ar(this->next);
    }
};

template <class Channel, class Next>
struct channel_node : forwarding_node<Next> {
    Channel channel;

    channel_node(Channel c, Next n) : forwarding_node<Next>{std::move(n)}, channel{std::move(c)} {}

    template <class Event>
    void push(const Event& event) {
        channel(event);
        this->next.push(event);
    }
    template <class Archive>
    void archive(Archive& ar) {
        ar(this->next);
    }
};

template <class Storage>
[[nodiscard]] bool storage_has_room(const Storage& storage) {
    if constexpr (requires { storage.has_room(); }) {
        return storage.has_room();
    } else {
        return true;
    }
}

/// Where one watermark holds for all keys, passes it on as far as it has come; what was said to
/// hold for the whole stream, by `advance`, is passed on in any case.
template <class Processor, class OnLate, class Next>
struct processor_node {
    Processor processor;
    OnLate on_late;
    Next next;
    closing_pace* pace = nullptr;
    timestamp passed_on = timestamp::min();
    trigger why_behind = trigger::watermark;

    template <class Event>
    void push(const Event& event) {
        if (is_behind()) [[unlikely]]
            catch_up();
        processor.push(event, emit(), on_late);
        pass_on(trigger::watermark);
    }
    void advance(timestamp watermark, trigger why) {
        if (processor.is_behind()) catch_up();
        processor.advance(watermark, why, emit());
        if (!processor.is_behind()) next.advance(watermark, why);
        pass_on(why);
    }
    void tick(timestamp wall) {
        processor.tick(wall, emit());
        pass_on(trigger::idle);
        if (!is_behind()) next.tick(wall);
    }
    bool resume() {
        if (!next.resume() || !processor.resume(emit())) return false;
        pass_on(why_behind);
        return next.resume();
    }
    [[nodiscard]] bool has_room() const {
        return storage_has_room(processor.storage()) && next.has_room();
    }
    void flush() {
        static_cast<void>(processor.storage().flush());
        next.flush();
    }
    std::error_code finish() {
        processor.finish(emit());
        while (is_behind()) {
            flush();
            pace->is_behind = false;
            pace->waits_for_room = has_room();
            resume();
        }
        const std::error_code later = next.finish();
        const std::error_code own = processor.storage().flush();
        return own ? own : later;
    }
    void collect(pipeline_stats& stats) const {
        processor.collect(stats);
        next.collect(stats);
    }
    template <class Archive>
    void archive(Archive& ar) {
        ar(processor, next);
    }

private:
    struct to_next {
        processor_node& self;

        template <class Record>
        void operator()(const Record& row) const {
            self.next.push(row);
        }
        [[nodiscard]] bool may_close() const {
            return self.pace == nullptr ||
                   (!self.is_behind() && self.pace->take([this] { return self.has_room(); }));
        }
    };

    auto emit() { return to_next{*this}; }

    [[nodiscard]] bool is_behind() const noexcept { return pace != nullptr && pace->is_behind; }

    /// An operator may give several events before it can be held back: what is due closes first.
    void catch_up() {
        const closing_pace before = std::exchange(*pace, {});
        resume();
        *pace = {0, before.waits_for_room, true};
    }

    void pass_on([[maybe_unused]] trigger why) {
        if constexpr (!Processor::has_shared_time) return;
        why_behind = why;
        if (is_behind()) return;
        if (const timestamp now = processor.watermark(); now > passed_on) {
            passed_on = now;
            next.advance(now, why);
        }
    }
};

template <class Detector, class Next>
struct detector_node : forwarding_node<Next> {
    Detector detector;

    detector_node(Detector d, Next n)
        : forwarding_node<Next>{std::move(n)}, detector{std::move(d)} {}

    template <class Record>
    void push(const Record& row) {
        detector.push(row, [this](const auto& judged) { this->next.push(judged); });
    }
    [[nodiscard]] bool has_room() const {
        return storage_has_room(detector.storage()) && this->next.has_room();
    }
    void flush() {
        static_cast<void>(detector.storage().flush());
        this->next.flush();
    }
    std::error_code finish() {
        const std::error_code later = this->next.finish();
        const std::error_code own = detector.storage().flush();
        return own ? own : later;
    }
    void collect(pipeline_stats& stats) const {
        detector.collect(stats);
        this->next.collect(stats);
    }
    template <class Archive>
    void archive(Archive& ar) {
        ar(detector, this->next);
    }
};

template <class First, class Second>
struct tee_node {
    First first;
    Second second;

    template <class Event>
    void push(const Event& event) {
        first.push(event);
        second.push(event);
    }
    void advance(timestamp watermark, trigger why) {
        first.advance(watermark, why);
        second.advance(watermark, why);
    }
    void tick(timestamp wall) {
        first.tick(wall);
        second.tick(wall);
    }
    std::error_code finish() {
        const std::error_code error = first.finish(), other = second.finish();
        return error ? error : other;
    }
    bool resume() {
        const bool is_first_done = first.resume();
        return second.resume() && is_first_done;
    }
    [[nodiscard]] bool has_room() const { return first.has_room() && second.has_room(); }
    void flush() {
        first.flush();
        second.flush();
    }
    void collect(pipeline_stats& stats) const {
        first.collect(stats);
        second.collect(stats);
    }
    template <class Archive>
    void archive(Archive& ar) {
        ar(first, second);
    }
};

}  // namespace millrace::detail
