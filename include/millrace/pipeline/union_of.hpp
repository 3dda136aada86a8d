#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>

#include <millrace/core/detail/first_exception.hpp>
#include <millrace/core/detail/require_option.hpp>
#include <millrace/core/node.hpp>
#include <millrace/core/port.hpp>
#include <millrace/core/stream.hpp>
#include <millrace/pipeline/detail/graph/meeting_base.hpp>
#include <millrace/pipeline/pipeline.hpp>
#include <millrace/pipeline/source_time.hpp>

namespace millrace {

namespace detail {

/// Passes on what comes by any port, with the watermark that holds for all.
template <std::size_t Ports, class Next>
class union_node : public meeting_base<union_node<Ports, Next>, Ports, Next> {
    using base = meeting_base<union_node, Ports, Next>;

public:
    union_node(duration max_lag, Next next) : base{max_lag, duration{}, std::move(next)} {}

    template <class Event>
    void push(std::size_t port, const Event& event, event_stamp at) {
        this->count_event();
        this->next().push(event, stamp(port, at));
    }
    template <class Event>
    void update(std::size_t port, const Event& before, const Event& after, event_stamp at) {
        this->count_event();
        this->next().update(before, after, stamp(port, at));
    }
    template <class Event>
    void remove(std::size_t port, const Event& gone, event_stamp at) {
        this->count_event();
        this->next().remove(gone, stamp(port, at));
    }
    template <class Record>
    void preview(std::size_t port, const Record& row, event_stamp at) {
        this->next().preview(row, stamp(port, at));
    }

    void release(timestamp, first_exception&) noexcept {}

private:
    [[nodiscard]] event_stamp stamp(std::size_t port, event_stamp at) noexcept {
        return {at.time, this->raise(port, at.watermark)};
    }
};

/// Stops the compiler where the streams do not fit together.
template <class First, class... Others>
consteval bool require_alike() {
    constexpr bool is_open =
        (!std::same_as<First, no_stream> && ... && !std::same_as<Others, no_stream>);
    static_assert(is_open,
                  "union_of needs: inputs that go on; a tee of two branches ends its pipeline (see "
                  "millrace/operators/tee.hpp)");
    if constexpr (is_open) {
        constexpr bool is_whole = (!First::is_windowed && ... && !Others::is_windowed);
        constexpr bool is_one_event =
            (std::same_as<typename First::event_type, typename Others::event_type> && ...);
        constexpr bool is_shared = (!is_key_time<typename First::time_type> && ... &&
                                    !is_key_time<typename Others::time_type>);
        constexpr bool is_timed =
            (std::same_as<typename First::time_type, typename Others::time_type> && ...);
        constexpr bool is_one_key =
            (std::same_as<typename First::key_by_type, typename Others::key_by_type> && ...);
        static_assert(is_whole,
                      "window needs: a process behind it, before union_of (see "
                      "millrace/pipeline/process.hpp)");
        static_assert(!is_whole || is_one_event,
                      "union_of needs: streams of one event type; map one to the other (see "
                      "millrace/pipeline/union_of.hpp)");
        static_assert(!is_one_event || is_shared,
                      "union_of needs: inputs whose watermark holds for all their keys, which "
                      "that of per_key does not; take by_producer (see "
                      "millrace/pipeline/source_time.hpp)");
        static_assert(!is_one_event || !is_shared || is_timed,
                      "union_of needs: a time in all inputs or in none, by an event_time field in "
                      "their events' schema or processing_time in from (see "
                      "millrace/pipeline/source_time.hpp)");
        static_assert(!is_one_event || is_one_key,
                      "union_of needs: inputs of the same key, or without; put key_by behind it "
                      "rather than into them (see millrace/pipeline/union_of.hpp)");
        return is_whole && is_one_event && is_shared && is_timed && is_one_key;
    } else {
        return false;
    }
}

/// Likewise, for what only the values know. @throws std::invalid_argument
template <class Stream>
void check_one_key(const Stream& first, const Stream& other) {
    bool is_one = first.key.name == other.key.name;
    if constexpr (requires { first.key.projection == other.key.projection; })
        is_one = is_one && first.key.projection == other.key.projection;
    if (!is_one)
        throw std::invalid_argument{
            "union_of: the inputs have different keys; put key_by behind it rather than into them"};
}

}  // namespace detail

/// Pipelines whose streams go on as one.
template <class... Inputs>
struct union_stage {
    static constexpr std::string_view stage_name = "union_of";

    using passes_all = void;
    using is_one_to_one = void;

    std::tuple<Inputs...> inputs;
    duration lag = max_lag{}.value;

    template <class To>
    void describe(To& to) const {
        to.setting("max_lag", lag);
    }

    template <class Changes>
    static constexpr bool some_are =
        (std::derived_from<typename Inputs::output_stream::changes_type, Changes> || ...);
    /// Those of the input that promises least.
    using changes_type = std::conditional_t<
        some_are<newest_version>, newest_version,
        std::conditional_t<some_are<never_final>, never_final,
                           std::conditional_t<some_are<updating>, updating, append_only>>>;

    /// The stream that it gives.
    [[nodiscard]] auto output() const {
        const auto& first = std::get<0>(inputs);
        auto stream = detail::output_behind(first.source.output(), first.stages);
        const auto allow = [&stream](const auto& each) {
            stream.allowed_lateness =
                std::max(stream.allowed_lateness,
                         detail::output_behind(each.source.output(), each.stages).allowed_lateness);
        };
        std::apply([&](const auto&... all) { (allow(all), ...); }, inputs);
        return stream.template changing<changes_type>();
    }

    template <class Next>
    [[nodiscard]] auto make_node(Next next) const {
        return detail::union_node<sizeof...(Inputs), Next>{lag, std::move(next)};
    }
};

namespace detail {

template <class Argument>
[[nodiscard]] auto union_input(Argument& argument) {
    if constexpr (std::same_as<Argument, max_lag>) {
        return std::tuple<>{};
    } else {
        return std::tuple{as_pipeline(std::move(argument))};
    }
}

template <class... Inputs>
[[nodiscard]] auto make_union(max_lag lag, Inputs... inputs) {
    constexpr bool are_pipelines = (is_pipeline<Inputs> && ...);
    constexpr bool are_stages = ((is_pipeline<Inputs> || pipeline_stage<Inputs>)&&...);
    static_assert(are_stages,
                  "union_of needs: behind its pipelines no other option than max_lag; those of "
                  "time, such as disorder and idle_timeout, are each input's, in its from (see "
                  "millrace/pipeline/union_of.hpp)");
    static_assert(are_pipelines || !are_stages,
                  "union_of needs: pipelines, each of which begins with from; the branches of a "
                  "tee do not meet again (see millrace/pipeline/union_of.hpp)");
    if constexpr (are_pipelines) {
        if constexpr (require_alike<typename Inputs::output_stream...>()) {
            const auto check = [](const auto& first, const auto&... others) {
                (check_one_key(first, others), ...);
            };
            check(output_behind(inputs.source.output(), inputs.stages)...);
            return pipeline<union_stage<Inputs...>>{{{std::move(inputs)...}, lag.value}, {}};
        }
    }
}

}  // namespace detail

/// Puts the events of several pipelines into one stream, in the order in which they are pushed:
///
///     auto nyse = from<trade>("nyse", disorder{250ms});
///     auto nasdaq = from<trade>("nasdaq", disorder{1s}) | filter(is_regular);
///     auto all = union_of(std::move(nyse), std::move(nasdaq)) | key_by(&trade::symbol) | ...;
///
/// Nothing is sorted or left out, and each source keeps its own codec, limits and time. Time is
/// then as far as in the input that is least far, of those that are not idle (see
/// `idle_timeout`): one that is idle holds the others up no more, and when it comes back, what it
/// sends may be late until it has caught up. What is open is shown once all are idle. Nor does one
/// hold them up that is far behind: `max_lag{5min}` as the last argument says how far, by default
/// an hour behind the furthest input (see millrace/pipeline/source_time.hpp).
///
/// The inputs are pipelines of one event type, all with a time or none. A key that they have goes
/// on if it is the same for all; else `key_by` stands behind.
/// @throws std::invalid_argument where inputs are keyed by members of one type that are not the
/// same, or whose keys have not the same name, or for a `max_lag` that is negative
template <class... Arguments>
[[nodiscard]] auto union_of(Arguments... arguments) {
    constexpr std::size_t options = (0 + ... + std::size_t{std::same_as<Arguments, max_lag>});
    static_assert(sizeof...(Arguments) - options >= 2 && options <= 1,
                  "union_of needs: two pipelines or more, and at most one max_lag");
    max_lag lag{};
    const auto set = [&]<class Argument>(const Argument& argument) {
        if constexpr (std::same_as<Argument, max_lag>)
            lag.value = detail::require_not_negative("max_lag", argument.value, "union_of");
    };
    (set(arguments), ...);
    return std::apply([&](auto... inputs) { return detail::make_union(lag, std::move(inputs)...); },
                      std::tuple_cat(detail::union_input(arguments)...));
}

}  // namespace millrace
