#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/analyzers/analyzer.hpp>
#include <millrace/core/node.hpp>
#include <millrace/core/record.hpp>
#include <millrace/core/stage.hpp>
#include <millrace/core/stream.hpp>
#include <millrace/pipeline/detail/keys/limited_keys.hpp>
#include <millrace/pipeline/key_limits.hpp>
#include <millrace/pipeline/store.hpp>

namespace millrace {

namespace detail {

// For what is no record, `detect` says so; this only has to be a type.
template <class Event, class Detector>
struct joined_record_of {
    using type = Event;
};
template <class Key, class Result, class Window, class Detector>
struct joined_record_of<record<Key, Result, Window>, Detector> {
    using type = record<Key, joined<Result, result_of<Detector>>, Window>;
};

}  // namespace detail

/// A record with the fields of the detector's result behind its own.
template <class Record, class Detector>
using joined_record = typename detail::joined_record_of<Record, Detector>::type;

namespace detail {

/// What a detector said of the records of one key that may still be corrected.
template <class Verdict, bool IsUpdating>
struct verdicts {
    void note(const window_bounds&, const Verdict&) noexcept {}
    template <class Archive>
    void archive(Archive&) noexcept {}
};
template <class Verdict>
struct verdicts<Verdict, true> {
    struct verdict {
        window_bounds window{};
        Verdict value{};

        template <class Archive>
        void archive(Archive& ar) {
            ar(window);
            schema<Verdict>.for_each([&](const auto& each) { ar(each.get(value)); });
        }
    };

    /// One more is at the cost of the oldest.
    static constexpr std::size_t limit = 256;

    std::vector<verdict> all{};

    void note(const window_bounds& window, const Verdict& value) {
        if (verdict* const known = find(window)) {
            known->value = value;
            return;
        }
        if (all.size() == limit) all.erase(all.begin());
        all.push_back({window, value});
    }
    [[nodiscard]] verdict* find(const window_bounds& window) {
        const auto found = std::ranges::find(all, window, &verdict::window);
        return found == all.end() ? nullptr : &*found;
    }
    void forget(const window_bounds& window) {
        std::erase_if(all, [&](const verdict& each) { return each.window == window; });
    }
    template <class Archive>
    void archive(Archive& ar) {
        ar(all);
    }
};

/// Runs a `Detector` for each key over records and joins its result to them.
template <class Record, class Detector, bool IsUpdating, class Next>
class detector_node : public forwarding_node<Next> {
public:
    detector_node(const key_limits& limits, Next n)
        : forwarding_node<Next>{std::move(n)}, detectors_{limits} {}

    void push(const Record& row, event_stamp at) {
        slot* const found = detectors_.find_or_add(row.key);
        if (found == nullptr) return;
        found->state.update(row);
        const auto verdict = named_result(found->state);
        if (!row.is_final) found->said.note(row.window, verdict);
        this->next.push(joined_to(row, verdict), at);
    }

    /// A correction is judged anew, unless the result is as it was.
    void update(const Record& before, const Record& after, event_stamp at) requires IsUpdating {
        slot* const found = detectors_.find(after.key);
        if (found == nullptr) return;
        auto* const known = found->said.find(before.window);
        const auto said = known == nullptr ? judged(found->state, before) : known->value;
        const auto verdict = is_repetition(before, after) ? said : judged(found->state, after);
        if (after.is_final) {
            found->said.forget(after.window);
        } else {
            found->said.note(after.window, verdict);
        }
        this->next.update(joined_to(before, said), joined_to(after, verdict), at);
    }

    void remove(const Record& gone, event_stamp at) requires IsUpdating {
        slot* const found = detectors_.find(gone.key);
        if (found == nullptr) return;
        auto* const known = found->said.find(gone.window);
        const auto said = known == nullptr ? judged(found->state, gone) : known->value;
        found->said.forget(gone.window);
        this->next.remove(joined_to(gone, said), at);
    }

    /// A preview is judged, and nothing is learned from it.
    void preview(const Record& row, event_stamp at) {
        const slot* found = detectors_.find(row.key);
        this->next.preview(
            joined_to(row, judged(found == nullptr ? Detector{} : found->state, row)), at);
    }

    template <class Stats>
    void collect(Stats& stats) const {
        detectors_.collect(stats);
        this->next.collect(stats);
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar.require(ar.version(2) == 2);  // what the first held is not known here
        ar(detectors_, this->next);
    }

private:
    using key_type = decltype(Record::key);
    using verdict_type = result_of<Detector>;

    struct slot {
        key_type key{};
        Detector state{};
        [[no_unique_address]] verdicts<verdict_type, IsUpdating> said{};
        bool is_used = false;
        bool is_recent = false;

        template <class Archive>
        void archive(Archive& ar) {
            ar(key, state, said, is_recent);
        }
    };

    static auto joined_to(const Record& row, const verdict_type& verdict) {
        return joined_record<Record, Detector>{row.key,      row.window,    {row.result, verdict},
                                               row.change,   row.revision,  row.is_final,
                                               row.fired_by, row.watermark, row.late};
    }
    static verdict_type judged(Detector state, const Record& row) {
        state.update(row);
        return named_result(state);
    }

    limited_keys<key_type, slot> detectors_;
};

}  // namespace detail

template <class Detector, template <class> class Storage, class... KeyOptions>
struct detect_stage : stage {
    static constexpr std::string_view stage_name = "detect";
    using is_one_to_one = void;
    using is_by_key = void;
    using takes_updates = void;
    using opens_no_topic = void;

    storage_options<Storage> options;
    detail::lasting_key_limits<KeyOptions...> keys;

    explicit detect_stage(storage_options<Storage> settings, const KeyOptions&... limits)
        : options{std::move(settings)}, keys{stage_name, limits...} {}

    template <class To, class Stream>
    void describe(To& to, const Stream&) const {
        to.template analyzer<Detector>();
        to.template storage<Storage>(options);
        keys.template on<Stream>().describe(to);
    }

    template <class Stream>
    static consteval void require() {
        using event = typename Stream::event_type;
        static_assert(is_record<event>,
                      "detect needs: records, from a process before it; for a stream of events "
                      "use process<Detector> (see millrace/pipeline/process.hpp)");
        static_assert(!Stream::is_updating || !decltype(keys)::is_asked_to_evict,
                      "detect needs: no evict_least_recent where events may be corrected, for what "
                      "was said of a key that has gone could not be taken back; or final_only() "
                      "before it (see millrace/pipeline/key_limits.hpp)");
        if constexpr (is_record<event>) {
            using judged = joined_record<event, Detector>;
            require_analyzer<Detector, event>();
            require_storage<Storage<judged>, judged>();
        }
    }

    template <class Stream>
    [[nodiscard]] auto output(const Stream& in) const {
        using judged = joined_record<typename Stream::event_type, Detector>;
        return event_stream<judged, typename Stream::key_by_type, typename Stream::time_type,
                            typename Stream::changes_type>{in.key, in.time, in.allowed_lateness};
    }

    template <class Stream, class Next, class Context>
    [[nodiscard]] auto make_node(const Stream& in, Next next, Context& context) const {
        using record_type = typename Stream::event_type;
        detail::require_key_name<joined_record<record_type, Detector>>(in.key.name);
        auto kept = store_stage<Storage>{options}.make_node(output(in), std::move(next), context);
        return detail::detector_node<record_type, Detector, Stream::is_updating, decltype(kept)>{
            keys.template on<Stream>(), std::move(kept)};
    }
};

/// Follows the records of a previous `process` over time: the `Detector`, an analyzer that sees
/// each key's records as they come, adds its result's fields to the record.
///
///     | process<summary<mean<&reading::value>>>()
///     | detect<ewma_zscore<at<"mean">>, sqlite_storage>({.file = "readings.db"})
///
/// A correction or a preview is judged, but the detector does not learn from it: it learns from
/// each window once. What it said of a record that may still be corrected it remembers, for the
/// last 256 such windows of a key; what it said of older ones is judged again when they are
/// corrected. A `Storage` is short for `store<Storage>` behind it.
///
/// Keys stay for good. Of `max_keys`, the one that was not seen for longest makes room for a new
/// one by default, and learns anew when it comes back; `refuse_new_keys` has it otherwise, as it is
/// where records may be corrected. See millrace/pipeline/key_limits.hpp.
template <class Detector, template <class> class Storage = null_storage, class... Limits>
[[nodiscard]] auto detect(storage_options<Storage> options = {}, const Limits&... limits) {
    static_assert((detail::key_option<Limits> && ...),
                  "detect needs: behind its storage's options max_keys, evict_least_recent or "
                  "refuse_new_keys (see millrace/pipeline/key_limits.hpp)");
    return detect_stage<Detector, Storage, Limits...>{std::move(options), limits...};
}
template <class Detector, template <class> class Storage = null_storage, class First,
          class... Limits>
requires(!std::convertible_to<const First&, storage_options<Storage>>)
    [[nodiscard]] auto detect(const First& first, const Limits&... limits) {
    return detect<Detector, Storage>(storage_options<Storage>{}, first, limits...);
}

template <template <auto...> class Analyzer, class... Options>
auto detect(const Options&...) {
    return detail::require_arguments<detail::template_of_values<Analyzer>>();
}
template <template <auto, class> class Analyzer, class... Options>
auto detect(const Options&...) {
    return detail::require_arguments<detail::template_with_options<Analyzer>>();
}
template <template <class...> class Analyzer, class... Options>
auto detect(const Options&...) {
    return detail::require_arguments<detail::template_of_types<Analyzer>>();
}

}  // namespace millrace
