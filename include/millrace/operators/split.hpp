#pragma once

#include <concepts>
#include <functional>
#include <string_view>
#include <utility>

#include <millrace/core/detail/first_exception.hpp>
#include <millrace/core/detail/require_fields.hpp>
#include <millrace/core/node.hpp>
#include <millrace/core/record.hpp>
#include <millrace/core/stage.hpp>
#include <millrace/operators/tee.hpp>

namespace millrace {

namespace detail {

/// What a correction moves from one branch to the other leaves the one and is new to the other.
template <class Predicate, class First, class Second>
struct split_node : tee_node<First, Second> {
    Predicate predicate;

    template <class Event>
    [[gnu::always_inline]] void push(const Event& event, event_stamp at) {
        if (std::invoke(predicate, event)) {
            this->first.push(event, at);
        } else {
            this->second.push(event, at);
        }
    }
    template <class Event>
    void update(const Event& before, const Event& after, event_stamp at) {
        const bool was_first = std::invoke(predicate, before);
        const bool is_first = std::invoke(predicate, after);
        if (was_first && is_first) {
            this->first.update(before, after, at);
        } else if (was_first) {
            move(this->first, this->second, before, after, at);
        } else if (is_first) {
            move(this->second, this->first, before, after, at);
        } else {
            this->second.update(before, after, at);
        }
    }
    template <class Event>
    void remove(const Event& gone, event_stamp at) {
        if (std::invoke(predicate, gone)) {
            this->first.remove(gone, at);
        } else {
            this->second.remove(gone, at);
        }
    }
    template <class Record>
    void preview(const Record& row, event_stamp at) {
        if (std::invoke(predicate, row)) {
            this->first.preview(row, at);
        } else {
            this->second.preview(row, at);
        }
    }

private:
    template <class From, class To, class Event>
    static void move(From& from, To& to, const Event& before, const Event& after, event_stamp at) {
        first_exception thrown;
        thrown.guard([&] { from.remove(marked(before, change::remove), at); });
        thrown.guard([&] { to.push(marked(after, change::insert), at); });
        thrown.rethrow();
    }
};

}  // namespace detail

template <class Predicate, pipeline_stage First, pipeline_stage Second>
struct split_stage : tee_stage<First, Second> {
    static constexpr std::string_view stage_name = "split";

    Predicate predicate;

    split_stage(Predicate is_first, First a, Second b)
        : tee_stage<First, Second>{std::move(a), std::move(b)}, predicate{std::move(is_first)} {}

    template <class Stream>
    static consteval void require() {
        using event = typename Stream::event_type;
        constexpr bool decides = std::predicate<const Predicate&, const event&>;
        static_assert(detail::require_fields<Predicate, event, decides>());
        static_assert(decides,
                      "split needs: first a predicate bool(const Event&) of the stream's event, "
                      "const, then two branches (see millrace/operators/split.hpp)");
    }

    /// `context` builds both branches.
    template <class Stream, class Next, class Context>
    [[nodiscard]] auto make_node(const Stream& in, const Next&, Context& context) const {
        auto to_first = context.template build_branch<true>(in, this->first);
        auto to_second = context.template build_branch<true>(in, this->second);
        using node = detail::split_node<Predicate, decltype(to_first), decltype(to_second)>;
        return node{{std::move(to_first), std::move(to_second)}, predicate};
    }
};

/// Gives each event to one of two branches: to the first where `is_first(event)` is true, else to
/// the second.
///
///     | split([](const trade& t) { return t.size >= 1000; },
///             publish("blocks"), key_by(&trade::symbol) | ...)
///
/// Both branches are told of the time. Nothing follows it; each branch ends by itself. More than
/// two: a split in a branch.
template <class Predicate, pipeline_stage First, pipeline_stage Second>
[[nodiscard]] split_stage<Predicate, First, Second> split(Predicate is_first, First first,
                                                          Second second) {
    return {std::move(is_first), std::move(first), std::move(second)};
}

}  // namespace millrace
