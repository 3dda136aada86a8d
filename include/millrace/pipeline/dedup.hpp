#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include <millrace/core/detail/require_option.hpp>
#include <millrace/core/key.hpp>
#include <millrace/core/node.hpp>
#include <millrace/core/stage.hpp>
#include <millrace/core/stream.hpp>
#include <millrace/core/within.hpp>
#include <millrace/operators/key_by.hpp>
#include <millrace/pipeline/detail/state/gate_node.hpp>
#include <millrace/pipeline/detail/state/gate_options.hpp>
#include <millrace/pipeline/key_limits.hpp>

namespace millrace {

namespace detail {

/// When an event with this identity went on last.
struct dedup_rule {
    struct state {
        timestamp time{};
        bool is_known = false;

        template <class Archive>
        void archive(Archive& ar) {
            ar(time, is_known);
        }
    };

    duration span;

    [[nodiscard]] bool is_over(const state& of, timestamp watermark) const noexcept {
        return !of.is_known || saturated_add(of.time, span) < watermark;
    }
    template <class Event>
    [[nodiscard]] bool admits(const state& of, const Event&, event_stamp at) const noexcept {
        return !of.is_known || saturated_add(of.time, span) < at.time ||
               saturated_add(at.time, span) < of.time;
    }
    template <class Event>
    void passed(state& of, const Event&, event_stamp at) const noexcept {
        of = {at.time, true};
    }
};

}  // namespace detail

template <class Identity>
struct dedup_stage : stage {
    static constexpr std::string_view stage_name = "dedup";

    Identity identity;
    duration span;
    key_limits limits;

    dedup_stage(Identity by, duration apart, const key_limits& most)
        : identity{std::move(by)}, span{apart}, limits{most} {}

    template <class To>
    void describe(To& to) const {
        identity.describe(to);
        to.setting("within", span);
        limits.describe(to);
    }

    template <class Stream>
    static consteval void require() {
        Identity::template require<Stream>();
        static_assert(!std::same_as<typename Stream::time_type, no_time>,
                      "dedup needs: event times, by an event_time field in the schema of the "
                      "source's event or processing_time in its from (see "
                      "millrace/core/schema.hpp)");
    }

    template <class Stream>
    [[nodiscard]] Stream output(const Stream& in) const {
        return in;
    }

    template <class Stream, class Next>
    [[nodiscard]] auto make_node(const Stream&, Next next) const {
        using event = typename Stream::event_type;
        return detail::gate_node<Identity, event, detail::dedup_rule, Next>{
            identity, detail::dedup_rule{span}, limits, std::move(next)};
    }
};

/// Lets through the first event of each identity, and none that follows within so much event time:
/// what a sender repeats because it does not know that it had come.
///
///     from<order>("orders") | dedup(&order::id, within{1h}) | ...
///
/// The identity is a member, or as in `key_by` several, or what a function gives, as
/// `dedup(key_part{"id", f}, within{1h})`; it has nothing to do with the stream's key. An event is
/// dropped if one with its identity went on before it whose time is at most so far from its own,
/// earlier or later. The first is the one that comes first. One at which something throws behind
/// this does not count, so that it may be sent again.
///
/// An identity is held until the watermark is past its event's time by so much, and a while longer:
/// with each event two identities are looked at. `max_keys`, a million by
/// default, says how many there are; one more takes the place of that which was not seen for
/// longest, which may then pass again, or with `refuse_new_keys` its event is refused.
/// @throws std::invalid_argument for a negative `within` or a limit of 0
template <class... Arguments>
[[nodiscard]] auto dedup(Arguments... arguments) {
    constexpr auto is_span = []<class T>() { return std::same_as<T, within>; };
    constexpr auto is_limit = []<class T>() { return detail::key_option<T>; };
    constexpr std::size_t spans = (0 + ... + std::size_t{is_span.template operator()<Arguments>()});
    static_assert(spans == 1,
                  "dedup needs: within, how far apart events are that are taken for one, as in "
                  "dedup(&order::id, within{1h}) (see millrace/pipeline/dedup.hpp)");
    if constexpr (spans == 1) {
        duration span{};
        key_limits limits = detail::gate_limits("dedup");
        const auto sort = [&]<class Argument>(const Argument& argument) {
            if constexpr (is_span.template operator()<Argument>()) {
                span = detail::require_not_negative("within", argument.value, "dedup");
                return std::tuple<>{};
            } else if constexpr (is_limit.template operator()<Argument>()) {
                limits.set(argument, "dedup");
                return std::tuple<>{};
            } else {
                return std::tuple{argument};
            }
        };
        auto identity = std::apply([](const auto&... parts) { return key_by(parts...); },
                                   std::tuple_cat(sort(arguments)...));
        return dedup_stage<decltype(identity)>{std::move(identity), span, limits};
    }
}

}  // namespace millrace
