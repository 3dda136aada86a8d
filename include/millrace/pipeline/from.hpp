#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <millrace/codec/json.hpp>
#include <millrace/core/detail/require_fields.hpp>
#include <millrace/core/detail/require_option.hpp>
#include <millrace/core/event_time.hpp>
#include <millrace/core/schema.hpp>
#include <millrace/core/stream.hpp>
#include <millrace/pipeline/source_time.hpp>

namespace millrace {

namespace detail {

template <class Option>
inline constexpr bool is_timing = is_key_time<Option> || std::same_as<Option, by_producer> ||
                                  std::same_as<Option, processing_time_t>;
template <class Function>
inline constexpr bool is_timing<punctuated_time<Function>> = true;

/// The facet of the stream's time.
template <class Timing>
struct facet_of {
    using type = shared_time;
};
template <>
struct facet_of<untimed> {
    using type = no_time;
};
template <class Projection>
struct facet_of<key_time<Projection>> {
    using type = key_time<Projection>;
};

/// Whether the option means anything for a source of that timing.
template <class Timing, class Option>
constexpr bool is_of_use() {
    constexpr bool by_key = is_key_time<Timing>;
    if constexpr (std::same_as<Option, max_keys> || std::same_as<Option, max_key_bytes>) {
        return by_key;
    } else if constexpr (std::same_as<Option, codec_limits> || is_timing<Option>) {
        return true;
    } else if constexpr (std::same_as<Option, idle_timeout>) {
        return !std::same_as<Timing, untimed>;
    } else if constexpr (std::same_as<Option, disorder> || std::same_as<Option, max_step>) {
        return std::same_as<Timing, latest_time> || std::same_as<Timing, by_producer> || by_key;
    } else {
        return !std::same_as<Timing, untimed> && !std::same_as<Timing, processing_time_t>;
    }
}

/// Stops the compiler where a timing does not fit the event.
template <class Event, class Timing>
consteval void require_timing(const Timing*) {}
template <class Event, class Projection>
consteval void require_timing(const key_time<Projection>*) {
    static_assert(require_fields<Projection, Event, gives_key<Projection, Event>>());
    static_assert(
        gives_key<Projection, Event>,
        "per_key needs: a member or function of the source's event, or several, each of which "
        "gives a string, an integer or an enumeration with a schema (see "
        "millrace/pipeline/source_time.hpp)");
}
template <class Event, class Function>
consteval void require_timing(const punctuated_time<Function>*) {
    static_assert(
        requires(const Function& f, const Event& event) {
            { std::invoke(f, event) } -> std::convertible_to<std::optional<timestamp>>;
        },
        "punctuated needs: a function of the source's event that gives a std::optional<timestamp> "
        "(see millrace/pipeline/source_time.hpp)");
}

template <class Event, class Option>
[[nodiscard]] auto timings_of(const Option& option) {
    if constexpr (is_timing<Option>) {
        static_assert(timed<Event> || std::same_as<Option, processing_time_t>,
                      "from needs: for per_key, by_producer and punctuated an event_time field in "
                      "the schema of its event (see millrace/core/schema.hpp)");
        return std::tuple<Option>{option};
    } else {
        return std::tuple<>{};
    }
}

template <class Event, class... Options>
[[nodiscard]] auto timing_of(const Options&... options) {
    const auto given = std::tuple_cat(timings_of<Event>(options)...);
    constexpr std::size_t count = std::tuple_size_v<decltype(given)>;
    static_assert(count <= 1,
                  "from needs: one of per_key, by_producer, punctuated and processing_time (see "
                  "millrace/pipeline/source_time.hpp)");
    if constexpr (count != 0) {
        return std::get<0>(given);
    } else if constexpr (timed<Event>) {
        return latest_time{};
    } else {
        return untimed{};
    }
}

}  // namespace detail

/// What `from` takes behind the name.
template <class Option>
concept source_option = std::same_as<Option, codec_limits> || detail::is_timing<Option> ||
    requires(source_time& to, const Option& option) {
    to.set(option);
};

template <class Event, class Codec, class Timing>
struct from_stage {
    using event_type = Event;
    using timing_type = Timing;
    using time_type = typename detail::facet_of<Timing>::type;

    static constexpr std::string_view stage_name = "from";

    std::string name;
    codec_limits limits{};
    source_time time{};
    Timing timing{};

    /// The stream that it gives.
    [[nodiscard]] auto output() const {
        if constexpr (is_key_time<time_type>) {
            return event_stream<Event, unkeyed, time_type>{{}, timing};
        } else {
            return event_stream<Event, unkeyed, time_type>{};
        }
    }

    template <class To>
    void describe(To& to) const {
        to.setting("name", name);
        timing.describe(to);
        const auto is_of_use = []<class Option>(Option) {
            return detail::is_of_use<Timing, Option>();
        };
        time.describe(to, is_of_use);
        limits.describe(to);
    }

    template <class Option>
    void set(const Option& option) {
        if constexpr (std::same_as<Option, codec_limits>) {
            limits = option;
        } else if constexpr (requires { time.set(option); }) {
            time.set(option);
        } else if constexpr (std::same_as<Option, processing_time_t>) {
            time.set(any_time);
        } else if constexpr (std::same_as<Option, by_producer>) {
            detail::require_positive("max_producers", option.max_producers, stage_name);
            detail::require_not_negative("max_lag", option.max_lag, stage_name);
        }
    }
};

/// The start of a pipeline: a stream of `Event`, decoded by `Codec`. An endpoint takes its
/// messages on the path `/name`.
///
///     from<trade>("trades", disorder{250ms}, idle_timeout{5s})
///
/// Options in any order: `disorder`, `max_ahead`, `max_skew`, `max_step`, `any_time`,
/// `idle_timeout`; with `per_key` also `max_keys` and `max_key_bytes`; one of `per_key`,
/// `by_producer`, `punctuated` and `processing_time` (see millrace/pipeline/source_time.hpp); and
/// `codec_limits`.
/// @throws std::invalid_argument for a negative duration, or a timeout, step or limit of zero
template <class Event, class Codec = json, class... Options>
[[nodiscard]] auto from(std::string name, Options... options) {
    static_assert(
        described<Event> || !std::same_as<Codec, json>,
        "from needs: a millrace::schema of the event, before it stands in a pipeline (see "
        "millrace/core/schema.hpp)");
    require_codec<Codec, Event>();
    constexpr bool has_max_lag = (std::same_as<Options, max_lag> || ...);
    static_assert(!has_max_lag,
                  "from needs: max_lag behind the inputs of union_of, or in "
                  "by_producer{.max_lag = 5min}, for it is about those of several that are far "
                  "behind (see millrace/pipeline/source_time.hpp)");
    static_assert(has_max_lag || (source_option<Options> && ...),
                  "from needs: options of time, or codec_limits (see "
                  "millrace/pipeline/source_time.hpp)");
    auto timing = detail::timing_of<Event>(options...);
    detail::require_timing<Event>(static_cast<const decltype(timing)*>(nullptr));
    static_assert(
        (detail::is_of_use<decltype(timing), Options>() && ...),
        "from needs: options that mean something for its time: max_keys and max_key_bytes "
        "go with per_key, disorder and max_step with no punctuated or processing_time, "
        "and none of time with events that have none (see "
        "millrace/pipeline/source_time.hpp)");
    from_stage<Event, Codec, decltype(timing)> made{.name = std::move(name),
                                                    .timing = std::move(timing)};
    (made.set(options), ...);
    return made;
}

}  // namespace millrace
