#pragma once

#include <concepts>
#include <utility>

#include <millrace/core/archive.hpp>
#include <millrace/core/detail/require_fields.hpp>
#include <millrace/core/projection.hpp>
#include <millrace/core/record.hpp>
#include <millrace/core/schema.hpp>

namespace millrace {

/// The Analyzer policy: state that events are folded into. The least that one needs:
///
///     struct largest {
///         static constexpr millrace::fixed_string name = "largest";
///         void update(const trade& t) { value_ = std::max(value_, t.size); }
///         double result() const { return value_; }
///         template <class Archive> void archive(Archive& ar) { ar(value_); }
///         double value_ = 0;
///     };
///     static_assert(millrace::analyzer<largest, trade>);
///
/// | member                  | needed | meaning                                               |
/// |-------------------------|--------|-------------------------------------------------------|
/// | default constructor     | yes    | the state before any event                            |
/// | `update(const Event&)`  | yes    | takes one event in, in constant or amortised time     |
/// | `result() const`        | yes    | a scalar, or a struct with a `schema`                 |
/// | `archive(ar)`           | yes    | saves and loads the state (see core/archive.hpp)      |
/// | `name`                  | no     | what a scalar result is called; "value" without it    |
/// | `merge(const A&)`       | no     | as if the other's events had been given to this one   |
/// | `static describe(to)`   | no     | its settings, such as `to.setting("alpha", alpha)`    |
/// | `retract(const Event&)` | no     | as if the event, which was given, had not been        |
/// | `retracts_exactly`      | no     | `true`: then `retract` leaves no error of rounding    |
///
/// An `update` that throws leaves the state as it was; the event is lost to it. Where events may be
/// corrected, it throws at an event at all times or never, whatever it holds: it is given that to
/// an empty state again to learn whether there is something to retract. A correction at which it
/// throws takes with it what it corrects.
template <class A, class Event>
concept analyzer = std::default_initializable<A> && std::copyable<A> && archivable<A> &&
    requires(A& state, const A& done, const Event& event) {
    state.update(event);
    done.result();
    requires scalar<std::remove_cvref_t<decltype(done.result())>> ||
        described<std::remove_cvref_t<decltype(done.result())>>;
};

/// An analyzer whose states over parts of a stream combine into the state over the whole.
template <class A>
concept mergeable = requires(A& state, const A& other) {
    state.merge(other);
};

/// An analyzer that can take back an event that it was given: for windows that may be corrected.
template <class A, class Event>
concept retractable = requires(A& state, const Event& event) {
    state.retract(event);
};

namespace detail {

/// Whether the analyzer throws at the event, so that no state of it holds that.
template <class A, class Event>
[[nodiscard]] bool is_refused_by(const Event& event) noexcept {
    if constexpr (noexcept(std::declval<A&>().update(event))) {
        return false;
    } else {
        try {
            A empty{};
            empty.update(event);
            return false;
        } catch (...) {
            return true;
        }
    }
}

}  // namespace detail

/// Stops the compiler with the first requirement that `A` misses.
template <class A, class Event>
consteval void require_analyzer() {
#define MILLRACE_NEEDS(condition, member) \
    static_assert(condition, "analyzer needs: " member " (see millrace/analyzers/analyzer.hpp)")
    MILLRACE_NEEDS(std::default_initializable<A>, "a default constructor");
    MILLRACE_NEEDS(std::copyable<A>, "to be copyable");
    constexpr bool takes = requires(A & a, const Event& event) { a.update(event); };
    static_assert(detail::require_fields<A, Event, takes>());
    MILLRACE_NEEDS(takes, "void update(const Event&)");
    MILLRACE_NEEDS(
        requires(const A& a) { a.result(); }, "auto result() const");
    if constexpr (requires(const A& a) { a.result(); }) {
        using result = std::remove_cvref_t<decltype(std::declval<const A&>().result())>;
        MILLRACE_NEEDS(scalar<result> || described<result>,
                       "result() to give a number or a struct with a millrace::schema");
    }
    MILLRACE_NEEDS(archivable<A>, "template <class Archive> void archive(Archive&)");
#undef MILLRACE_NEEDS
}

/// Stops the compiler when `A` cannot be merged.
template <class A>
consteval void require_mergeable() {
    static_assert(mergeable<A>,
                  "analyzer needs: void merge(const A&) (see millrace/analyzers/analyzer.hpp)");
}

namespace detail {

template <template <auto...> class>
struct template_of_values;
template <template <auto, class> class>
struct template_with_options;
template <template <class...> class>
struct template_of_types;

template <class Template>
inline constexpr bool has_arguments = false;

/// Says what a template lacks that stands where an analyzer should.
template <class Template>
auto require_arguments() {
    static_assert(has_arguments<Template>,
                  "process and detect need: an analyzer, of which a template is none before it has "
                  "its arguments, such as mean<&trade::price> (see "
                  "millrace/analyzers/analyzer.hpp)");
}

template <class A>
consteval auto name_of_analyzer() {
    if constexpr (requires { A::name.view(); }) {
        return A::name;
    } else {
        return fixed_string{"value"};
    }
}

template <class A, class Result>
struct described_result {
    using type = named_value<name_of_analyzer<A>(), Result>;
};
template <class A, described Result>
struct described_result<A, Result> {
    using type = Result;
};

}  // namespace detail

/// The analyzer's result as a struct with a schema: a scalar gets the analyzer's name.
template <class A>
using result_of = typename detail::described_result<
    A, std::remove_cvref_t<decltype(std::declval<const A&>().result())>>::type;

template <class A>
[[nodiscard]] constexpr result_of<A> named_result(const A& state) {
    return result_of<A>{state.result()};
}

}  // namespace millrace
