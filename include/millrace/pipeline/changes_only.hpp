#pragma once

#include <cmath>
#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <millrace/core/detail/require_fields.hpp>
#include <millrace/core/detail/require_option.hpp>
#include <millrace/core/key.hpp>
#include <millrace/core/node.hpp>
#include <millrace/core/projection.hpp>
#include <millrace/core/stage.hpp>
#include <millrace/core/stream.hpp>
#include <millrace/pipeline/detail/state/gate_node.hpp>
#include <millrace/pipeline/detail/state/gate_options.hpp>
#include <millrace/pipeline/key_limits.hpp>

namespace millrace {

/// An option of `changes_only`: a number has changed when it is further than this from the one that
/// went on last.
struct more_than {
    double value;
};

/// An option of `changes_only`: an event goes on all the same once so much event time is over since
/// one did.
struct at_least_every {
    duration value;
};

namespace detail {

/// What went on last, and when.
template <class Projection, class Value>
struct change_rule {
    struct state {
        Value value{};
        timestamp time{};
        bool is_known = false;

        template <class Archive>
        void archive(Archive& ar) {
            ar(value, time, is_known);
        }
    };

    Projection projection;
    double by;
    duration longest;

    [[nodiscard]] bool is_over(const state&, timestamp) const noexcept { return false; }
    template <class Event>
    [[nodiscard]] bool admits(const state& of, const Event& one, event_stamp at) const {
        return !of.is_known || has_changed(of.value, project(projection, one)) ||
               (longest != duration::max() && saturated_add(of.time, longest) <= at.time);
    }
    template <class Event>
    void passed(state& of, const Event& one, event_stamp at) const {
        of.value = Value(project(projection, one));
        of.time = at.time;
        of.is_known = true;
    }

private:
    template <class Now>
    [[nodiscard]] bool has_changed(const Value& last, const Now& now) const {
        if constexpr (std::floating_point<Value>) {
            if (std::isnan(last) || std::isnan(now)) return std::isnan(last) != std::isnan(now);
            return last != now && !(std::abs(static_cast<double>(now) - last) <= by);
        } else if constexpr (std::is_arithmetic_v<Value> && !std::same_as<Value, bool>) {
            return last != now &&
                   std::abs(static_cast<double>(now) - static_cast<double>(last)) > by;
        } else {
            return !(last == now);
        }
    }
};

template <class T>
concept change_option =
    std::same_as<T, more_than> || std::same_as<T, at_least_every> || key_option<T>;

}  // namespace detail

template <class Projection>
struct changes_only_stage : stage {
    static constexpr std::string_view stage_name = "changes_only";
    using is_by_key = void;

    Projection projection;
    double by = 0;
    duration longest = duration::max();
    key_limits limits = detail::gate_limits(stage_name);

    explicit changes_only_stage(Projection of) : projection{std::move(of)} {}

    void set(more_than option) {
        detail::require_option(option.value >= 0, "more_than must not be negative", stage_name);
        by = option.value;
    }
    void set(at_least_every option) {
        longest = detail::require_positive("at_least_every", option.value, stage_name);
    }
    template <detail::key_option Option>
    void set(const Option& option) {
        limits.set(option, stage_name);
    }

    template <class To>
    void describe(To& to) const {
        to.projection("of", projection);
        to.setting("more_than", by, 0.0);
        to.setting("at_least_every", longest, duration::max());
        limits.describe(to);
    }

    template <class Stream>
    static consteval void require() {
        using event = typename Stream::event_type;
        constexpr bool gives = std::invocable<const Projection&, const event&>;
        static_assert(detail::require_fields<Projection, event, gives>());
        static_assert(gives,
                      "changes_only needs: a member or function of the stream's event, whose "
                      "changes count (see millrace/pipeline/changes_only.hpp)");
    }

    template <class Stream>
    [[nodiscard]] Stream output(const Stream& in) const {
        return in;
    }

    template <class Stream, class Next>
    [[nodiscard]] auto make_node(const Stream& in, Next next) const {
        using event = typename Stream::event_type;
        using key_by = typename Stream::key_by_type;
        using value = typename detail::owned<projected<Projection, event>>::type;
        using rule = detail::change_rule<Projection, value>;
        return detail::gate_node<key_by, event, rule, Next>{in.key, rule{projection, by, longest},
                                                            limits, std::move(next)};
    }
};

/// Lets through the events of each key whose value has changed since the one that went on last:
///
///     | key_by(&reading::sensor) | changes_only(&reading::value, more_than{0.5},
///     at_least_every{1min})
///
/// The value is a member, `at<"mean">` of a record, or what a function gives: a number, a string,
/// or what else has == and can be saved. The first event of a key goes on. With `more_than` a
/// number must be further from the last one than that; NaN differs from every number, and not from
/// NaN. With `at_least_every` an event goes on all the same where so much event time is over.
/// Options, too: `max_keys`, a million by default, and `evict_least_recent` (the default), where a
/// key that comes back begins anew, or `refuse_new_keys`.
/// @throws std::invalid_argument for a `more_than` below 0 or not a number, an `at_least_every`
/// that is not positive, or a limit of 0
template <class Projection, class... Options>
[[nodiscard]] auto changes_only(Projection of, const Options&... options) {
    static_assert((detail::change_option<Options> && ...),
                  "changes_only needs: behind the value its options, which are more_than, "
                  "at_least_every, max_keys, evict_least_recent and refuse_new_keys (see "
                  "millrace/pipeline/changes_only.hpp)");
    changes_only_stage<Projection> made{std::move(of)};
    (made.set(options), ...);
    return made;
}

}  // namespace millrace
