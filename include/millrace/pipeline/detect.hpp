#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include <millrace/analyzers/analyzer.hpp>
#include <millrace/core/node.hpp>
#include <millrace/core/record.hpp>
#include <millrace/core/stage.hpp>
#include <millrace/core/stream.hpp>
#include <millrace/pipeline/key_table.hpp>
#include <millrace/pipeline/store.hpp>

namespace millrace {

namespace detail {

// For what is no record, `detect` says so; this only has to be a type.
template <class Event, class Detector>
struct joined_record_of {
    using type = Event;
};
template <class Key, class Result, class Detector>
struct joined_record_of<record<Key, Result>, Detector> {
    using type = record<Key, joined<Result, result_of<Detector>>>;
};

}  // namespace detail

/// A record with the fields of the detector's result behind its own.
template <class Record, class Detector>
using joined_record = typename detail::joined_record_of<Record, Detector>::type;

namespace detail {

/// Runs a `Detector` for each key over records and joins its result to them.
template <class Record, class Detector, class Next>
class detector_node : public forwarding_node<Next> {
public:
    detector_node(std::size_t key_limit, Next n)
        : forwarding_node<Next>{std::move(n)}, key_limit_{key_limit} {}

    void push(const Record& row, event_stamp at) {
        slot* found = detectors_.find(row.key);
        if (found == nullptr) {
            if (detectors_.size() >= key_limit_) {
                ++refused_;
                return;
            }
            found = &detectors_.add(row.key);
        }
        if (row.fired_by == trigger::late && row.revision > 0)
            return this->next.push(judged(found->state, row), at);
        found->state.update(row);
        this->next.push(joined_to(row, found->state), at);
    }

    /// A preview is judged, and nothing is learned from it.
    void preview(const Record& row, event_stamp at) {
        const slot* found = detectors_.find(row.key);
        this->next.preview(judged(found == nullptr ? Detector{} : found->state, row), at);
    }

    template <class Stats>
    void collect(Stats& stats) const {
        stats.refused_keys += refused_;
        this->next.collect(stats);
    }

    template <class Archive>
    void archive(Archive& ar) {
        ar.version(1);
        ar(detectors_, refused_, this->next);
    }

private:
    using key_type = decltype(Record::key);

    struct slot {
        key_type key{};
        Detector state{};

        template <class Archive>
        void archive(Archive& ar) {
            ar(key, state);
        }
    };

    static auto joined_to(const Record& row, const Detector& state) {
        return joined_record<Record, Detector>{
            row.key,       row.window,   {row.result, describe(state)},
            row.revision,  row.is_final, row.fired_by,
            row.watermark, row.late};
    }
    static auto judged(Detector state, const Record& row) {
        state.update(row);
        return joined_to(row, state);
    }

    key_table<key_type, slot> detectors_;
    std::size_t key_limit_;
    std::uint64_t refused_ = 0;
};

}  // namespace detail

template <class Detector, template <class> class Storage>
struct detect_stage : stage {
    static constexpr std::string_view stage_name = "detect";

    storage_options<Storage> options;
    std::size_t key_limit = max_keys{}.value;  ///< records of a further key are refused

    explicit detect_stage(storage_options<Storage> settings) : options{std::move(settings)} {}

    template <class To>
    void describe(To& to) const {
        to.template analyzer<Detector>();
        to.template storage<Storage>(options);
        to.tunable("max_keys", key_limit);
    }

    template <class Stream>
    static consteval void require() {
        using event = typename Stream::event_type;
        static_assert(is_record<event>,
                      "detect needs: records, from a process before it; for a stream of events "
                      "use process<Detector> (see millrace/pipeline/process.hpp)");
        if constexpr (is_record<event>) {
            using judged = joined_record<event, Detector>;
            require_analyzer<Detector, event>();
            require_storage<Storage<judged>, judged>();
        }
    }

    template <class Stream>
    [[nodiscard]] auto output(const Stream& in) const {
        using judged = joined_record<typename Stream::event_type, Detector>;
        return event_stream<judged, typename Stream::key_by_type, typename Stream::time_type>{
            in.key, in.time};
    }

    template <class Stream, class Next, class Context>
    [[nodiscard]] auto make_node(const Stream& in, Next next, Context& context) const {
        using record_type = typename Stream::event_type;
        detail::require_key_name<joined_record<record_type, Detector>>(in.key.name);
        auto kept = store_stage<Storage>{options}.make_node(output(in), std::move(next), context);
        return detail::detector_node<record_type, Detector, decltype(kept)>{key_limit,
                                                                            std::move(kept)};
    }
};

/// Follows the records of a previous `process` over time: the `Detector`, an analyzer that sees
/// each key's records as they come, adds its result's fields to the record.
///
///     | process<summary<mean<&reading::value>>>()
///     | detect<ewma_zscore<at<"mean">>, sqlite_storage>({.file = "readings.db"})
///
/// A correction or a preview is judged, but the detector does not learn from it: it learns from
/// each window once. A `Storage` is short for `store<Storage>` behind it.
template <class Detector, template <class> class Storage = null_storage>
[[nodiscard]] detect_stage<Detector, Storage> detect(storage_options<Storage> options = {}) {
    return detect_stage<Detector, Storage>{std::move(options)};
}

}  // namespace millrace
