#pragma once

#include <concepts>
#include <string_view>
#include <utility>

#include <millrace/analyzers/analyzer.hpp>
#include <millrace/core/stage.hpp>
#include <millrace/core/stream.hpp>
#include <millrace/operators/key_by.hpp>
#include <millrace/pipeline/detail/windows/aggregate_node.hpp>
#include <millrace/pipeline/detail/windows/count_kind.hpp>
#include <millrace/pipeline/detail/windows/late_output.hpp>
#include <millrace/pipeline/detail/windows/session_kind.hpp>
#include <millrace/pipeline/detail/windows/sliding_kind.hpp>
#include <millrace/pipeline/detail/windows/window_kind.hpp>
#include <millrace/pipeline/key_limits.hpp>
#include <millrace/pipeline/store.hpp>
#include <millrace/storage/null.hpp>
#include <millrace/windows/firing.hpp>

namespace millrace {

namespace detail {

/// Stops the compiler where something else than a trigger stands in `early` or `late`.
template <class Stream>
consteval void require_triggers() {
    if constexpr (requires { typename Stream::windowing_type::firing_type; }) {
        using firing = typename Stream::windowing_type::firing_type;
        static_assert(are_triggers<typename Stream::event_type, decltype(firing::early)> &&
                          are_triggers<typename Stream::event_type, decltype(firing::late)>,
                      "early and late need: events{n}, every{1s} or a trigger of your own, which "
                      "has bool on_event(state&, const Event&, event_stamp) const and a type state "
                      "with archive (see millrace/windows/trigger.hpp)");
    }
}

/// Records go on with the key that they were made under.
struct key_of_record {
    template <class Record>
    constexpr const auto& operator()(const Record& row) const noexcept {
        return row.key;
    }
};

template <class KeyBy>
[[nodiscard]] auto record_key(const KeyBy& key) {
    if constexpr (std::same_as<KeyBy, unkeyed>) {
        return unkeyed{};
    } else {
        return key_by_stage<key_of_record>{key.name, {}};
    }
}

}  // namespace detail

template <class Analyzer, template <class> class Storage, class... KeyOptions>
struct process_stage : stage {
    static constexpr std::string_view stage_name = "process";

    using takes_windows = void;
    using is_by_key = void;
    using takes_updates = void;
    using opens_no_topic = void;

    template <class Stream>
    using record_of = record<key_of<typename Stream::key_by_type, typename Stream::event_type>,
                             result_of<Analyzer>, typename detail::bounds_of_windows<Stream>::type>;

    storage_options<Storage> options;
    detail::lasting_key_limits<KeyOptions...> keys;  ///< where no window limits them

    explicit process_stage(storage_options<Storage> settings, const KeyOptions&... limits)
        : options{std::move(settings)}, keys{stage_name, limits...} {}

    template <class To, class Stream>
    void describe(To& to, const Stream&) const {
        to.template analyzer<Analyzer>();
        to.template storage<Storage>(options);
        if constexpr (!Stream::is_windowed) keys.template on<Stream>().describe(to);
    }

    template <class Stream>
    static consteval void require() {
        require_analyzer<Analyzer, typename Stream::event_type>();
        require_storage<Storage<record_of<Stream>>, record_of<Stream>>();
        if constexpr (Stream::is_windowed) {
            detail::require_own_time<Stream>();
            detail::require_triggers<Stream>();
            detail::window_kind<typename Stream::windowing_type::window_type>::template require<
                Stream, Analyzer>();
        }
        static_assert(!Stream::is_windowed || !decltype(keys)::has_options,
                      "process needs: max_keys as an option of its window, where one is before it; "
                      "that refuses further keys (see millrace/windows/windowing.hpp)");
        static_assert(!Stream::is_updating || !decltype(keys)::is_asked_to_evict,
                      "process needs: no evict_least_recent where events may be corrected, for "
                      "what was said of a key that has gone could not be taken back; or "
                      "final_only() before it (see millrace/pipeline/key_limits.hpp)");
        static_assert(
            !Stream::is_updating || retractable<Analyzer, typename Stream::event_type>,
            "process needs: an analyzer with void retract(const Event&), where events may "
            "be corrected; or final_only() before it (see "
            "millrace/operators/final_only.hpp)");
    }

    template <class Stream>
    [[nodiscard]] auto output(const Stream& in) const {
        auto out = in.template of_records<record_of<Stream>>(detail::record_key(in.key));
        if constexpr (requires { in.windowing.allowed_lateness; })
            out.allowed_lateness = in.windowing.allowed_lateness;
        if constexpr (!Stream::is_windowed) {
            return out.template changing<append_only>();
        } else if constexpr (!std::same_as<typename Stream::windowing_type::changes_type,
                                           append_only>) {
            return out.template changing<typename Stream::windowing_type::changes_type>();
        } else if constexpr (Stream::is_updating) {
            return out.template changing<updating>();
        } else {
            return out;
        }
    }

    template <class Stream, class Next, class Context>
    [[nodiscard]] auto make_node(const Stream& in, Next next, Context& context) const {
        detail::require_key_name<record_of<Stream>>(in.key.name);
        auto kept = store_stage<Storage>{options}.make_node(output(in), std::move(next), context);
        using kept_type = decltype(kept);
        if constexpr (!Stream::is_windowed) {
            return detail::aggregate_node<Stream, Analyzer, kept_type>{
                in, keys.template on<Stream>(), std::move(kept)};
        } else {
            if constexpr (is_key_time<typename Stream::time_type>) detail::check_own_time(in);
            using kind = detail::window_kind<typename Stream::windowing_type::window_type>;
            return kind::template make_node<Analyzer>(
                in, detail::late_output(in, in.windowing.late, context), std::move(kept), context);
        }
    }
};

/// Folds the stream into an `Analyzer` for each key and window. Records come out. A `Storage` is
/// short for `store<Storage>` behind it.
///
/// Without a `window` before it there is one record for each event, of all events of the key so
/// far, and keys stay for good. Of `max_keys`, the one that was not seen for longest makes room for
/// a new one by default, so that no flood of keys shuts out those that come later;
/// `refuse_new_keys` has it otherwise, as it is where events may be corrected. See
/// millrace/pipeline/key_limits.hpp.
///
///     | key_by(&trade::symbol) | process<count>(max_keys{10'000})
template <class Analyzer, template <class> class Storage = null_storage, class... Limits>
[[nodiscard]] auto process(storage_options<Storage> options = {}, const Limits&... limits) {
    static_assert((detail::key_option<Limits> && ...),
                  "process needs: behind its storage's options max_keys, evict_least_recent or "
                  "refuse_new_keys (see millrace/pipeline/key_limits.hpp)");
    return process_stage<Analyzer, Storage, Limits...>{std::move(options), limits...};
}
template <class Analyzer, template <class> class Storage = null_storage, class First,
          class... Limits>
requires(!std::convertible_to<const First&, storage_options<Storage>>)
    [[nodiscard]] auto process(const First& first, const Limits&... limits) {
    return process<Analyzer, Storage>(storage_options<Storage>{}, first, limits...);
}

template <template <auto...> class Analyzer, class... Options>
auto process(const Options&...) {
    return detail::require_arguments<detail::template_of_values<Analyzer>>();
}
template <template <auto, class> class Analyzer, class... Options>
auto process(const Options&...) {
    return detail::require_arguments<detail::template_with_options<Analyzer>>();
}
template <template <class...> class Analyzer, class... Options>
auto process(const Options&...) {
    return detail::require_arguments<detail::template_of_types<Analyzer>>();
}

}  // namespace millrace
