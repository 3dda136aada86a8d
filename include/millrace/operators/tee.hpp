#pragma once

#include <string_view>
#include <system_error>
#include <utility>

#include <millrace/core/node.hpp>
#include <millrace/core/stage.hpp>
#include <millrace/core/stream.hpp>

namespace millrace {

namespace detail {

template <class First, class Second>
struct tee_node {
    static constexpr bool wants_wall_time = First::wants_wall_time || Second::wants_wall_time;

    First first;
    Second second;

    template <class Event>
    void push(const Event& event, event_stamp at) {
        first.push(event, at);
        second.push(event, at);
    }
    template <class Event>
    void update(const Event& before, const Event& after, event_stamp at) {
        first.update(before, after, at);
        second.update(before, after, at);
    }
    template <class Event>
    void remove(const Event& gone, event_stamp at) {
        first.remove(gone, at);
        second.remove(gone, at);
    }
    void begin_batch() {
        first.begin_batch();
        second.begin_batch();
    }
    void end_batch() {
        first.end_batch();
        second.end_batch();
    }
    template <class Record>
    void preview(const Record& row, event_stamp at) {
        first.preview(row, at);
        second.preview(row, at);
    }
    void watermark(timestamp to, trigger why) {
        first.watermark(to, why);
        second.watermark(to, why);
    }
    template <class Key>
    void key_watermark(const Key& key, timestamp to, trigger why) {
        first.key_watermark(key, to, why);
        second.key_watermark(key, to, why);
    }
    void idle() {
        first.idle();
        second.idle();
    }
    template <class Key>
    void key_idle(const Key& key) {
        first.key_idle(key);
        second.key_idle(key);
    }
    void active() {
        first.active();
        second.active();
    }
    void wall_time(timestamp now) {
        first.wall_time(now);
        second.wall_time(now);
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
    template <class Stats>
    void collect(Stats& stats) const {
        first.collect(stats);
        second.collect(stats);
    }
    template <class Archive>
    void archive(Archive& ar) {
        ar(first, second);
    }
};

}  // namespace detail

template <pipeline_stage First, pipeline_stage Second>
struct tee_stage : stage {
    static constexpr std::string_view stage_name = "tee";
    using is_one_to_one = void;
    using takes_updates = void;
    using first_branch = First;
    using second_branch = Second;

    First first;
    Second second;

    tee_stage(First a, Second b) : first{std::move(a)}, second{std::move(b)} {}

    template <class Stream>
    static consteval void require() {}

    template <class Stream>
    [[nodiscard]] no_stream output(const Stream&) const {
        return {};
    }

    /// `context` builds both branches.
    template <class Stream, class Next, class Context>
    [[nodiscard]] auto make_node(const Stream& in, const Next&, Context& context) const {
        auto to_first = context.build_branch(in, first);
        auto to_second = context.build_branch(in, second);
        return detail::tee_node<decltype(to_first), decltype(to_second)>{std::move(to_first),
                                                                         std::move(to_second)};
    }
};

template <pipeline_stage Branch>
struct side_tee_stage : stage {
    static constexpr std::string_view stage_name = "tee";
    using is_one_to_one = void;
    using takes_updates = void;
    using passes_all = void;
    using side_branch = Branch;

    Branch side;

    explicit side_tee_stage(Branch branch) : side{std::move(branch)} {}

    template <class Stream>
    static consteval void require() {}

    template <class Stream>
    [[nodiscard]] Stream output(const Stream& in) const {
        return in;
    }

    /// `context` builds the branch.
    template <class Stream, class Next, class Context>
    [[nodiscard]] auto make_node(const Stream& in, Next next, Context& context) const {
        auto to_side = context.build_branch(in, side);
        return detail::tee_node<decltype(to_side), Next>{std::move(to_side), std::move(next)};
    }
};

/// Gives each event to a branch that ends by itself, and then to what follows:
///
///     from<trade>("trades") | tee(filter(is_large) | publish("large")) | key_by(...) | ...
template <pipeline_stage Branch>
[[nodiscard]] side_tee_stage<Branch> tee(Branch side) {
    return side_tee_stage<Branch>{std::move(side)};
}

/// Gives each event to two branches, the first one first:
///
///     from<trade>("trades") | tee(filter(is_large) | publish("large"), key_by(...) | ...)
///
/// Nothing follows a tee of two branches; each ends by itself. More than two: a tee in a branch.
template <pipeline_stage First, pipeline_stage Second>
[[nodiscard]] tee_stage<First, Second> tee(First first, Second second) {
    return tee_stage<First, Second>{std::move(first), std::move(second)};
}

}  // namespace millrace
