#pragma once

#include <string_view>
#include <system_error>
#include <utility>

#include <millrace/core/detail/first_exception.hpp>
#include <millrace/core/node.hpp>
#include <millrace/core/stage.hpp>
#include <millrace/core/stream.hpp>

namespace millrace {

namespace detail {

/// Each branch is told all, whatever the other throws.
template <class First, class Second>
struct tee_node {
    static constexpr bool wants_wall_time = First::wants_wall_time || Second::wants_wall_time;

    First first;
    Second second;

    template <class Event>
    [[gnu::always_inline]] void push(const Event& event, event_stamp at) {
        both([&](auto& branch) { branch.push(event, at); });
    }
    template <class Event>
    void update(const Event& before, const Event& after, event_stamp at) {
        both([&](auto& branch) { branch.update(before, after, at); });
    }
    template <class Event>
    void remove(const Event& gone, event_stamp at) {
        both([&](auto& branch) { branch.remove(gone, at); });
    }
    void begin_batch() {
        both([](auto& branch) { branch.begin_batch(); });
    }
    /// Where one throws, this is called again, for each of their events that waited.
    void end_batch() {
        first.end_batch();
        second.end_batch();
    }
    template <class Record>
    void preview(const Record& row, event_stamp at) {
        both([&](auto& branch) { branch.preview(row, at); });
    }
    void watermark(timestamp to, trigger why) {
        both([&](auto& branch) { branch.watermark(to, why); });
    }
    template <class Key>
    void key_watermark(const Key& key, timestamp to, trigger why) {
        both([&](auto& branch) { branch.key_watermark(key, to, why); });
    }
    void idle() {
        both([](auto& branch) { branch.idle(); });
    }
    template <class Key>
    void key_idle(const Key& key) {
        both([&](auto& branch) { branch.key_idle(key); });
    }
    void active() {
        both([](auto& branch) { branch.active(); });
    }
    void wall_time(timestamp now) {
        both([&](auto& branch) { branch.wall_time(now); });
    }
    std::error_code finish() {
        std::error_code error;
        both([&](auto& branch) {
            const std::error_code own = branch.finish();
            if (!error) error = own;
        });
        return error;
    }
    bool resume() {
        bool is_done = true;
        both([&](auto& branch) { is_done = branch.resume() && is_done; });
        return is_done;
    }
    [[nodiscard]] bool has_room() const { return first.has_room() && second.has_room(); }
    void flush() {
        both([](auto& branch) { branch.flush(); });
    }
    void settle() {
        both([](auto& branch) { branch.settle(); });
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

private:
    template <class Tell>
    [[gnu::always_inline]] void both(Tell&& tell) {
        first_exception thrown;
        thrown.guard([&]() __attribute__((always_inline)) { tell(first); });
        thrown.guard([&]() __attribute__((always_inline)) { tell(second); });
        thrown.rethrow();
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
/// What one branch throws takes nothing from the other; the first exception goes on then.
template <pipeline_stage First, pipeline_stage Second>
[[nodiscard]] tee_stage<First, Second> tee(First first, Second second) {
    return tee_stage<First, Second>{std::move(first), std::move(second)};
}

}  // namespace millrace
