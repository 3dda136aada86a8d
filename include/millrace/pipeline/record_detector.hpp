#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include <millrace/analyzers/analyzer.hpp>
#include <millrace/pipeline/key_table.hpp>
#include <millrace/pipeline/pipeline_stats.hpp>
#include <millrace/storage/null.hpp>
#include <millrace/storage/storage.hpp>

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

/// Runs a `Detector` for each key over records and joins its result to them; see `detect`.
template <class Record, class Detector, template <class> class Storage = null_storage>
class record_detector;

template <class Key, class Result, class Detector, template <class> class Storage>
class record_detector<record<Key, Result>, Detector, Storage> {
public:
    using event_type = record<Key, Result>;
    using record_type = joined_record<event_type, Detector>;
    using storage_type = Storage<record_type>;

    /// @throws std::system_error when the storage does not open; std::invalid_argument when the
    /// key has the name of another field of the records.
    record_detector(typename storage_type::options options, std::string_view topic,
                    std::string_view key_name, std::size_t key_limit = 1'000'000)
        : key_limit_{key_limit},
          storage_{detail::open_storage<storage_type, record_type>(std::move(options), topic,
                                                                   key_name)} {
        require_analyzer<Detector, event_type>();
    }

    template <class Emit>
    void push(const event_type& row, Emit&& emit) {
        slot* at = detectors_.find(row.key);
        if (at == nullptr) {
            if (detectors_.size() >= key_limit_) {
                ++refused_;
                return;
            }
            at = &detectors_.add(row.key);
        }
        const record_type judged{row.key,       row.window,   {row.result, judge(at->state, row)},
                                 row.revision,  row.is_final, row.fired_by,
                                 row.watermark, row.late};
        static_cast<void>(storage_->append(judged));
        emit(judged);
    }

    [[nodiscard]] storage_type& storage() noexcept { return *storage_; }
    [[nodiscard]] const storage_type& storage() const noexcept { return *storage_; }
    void collect(pipeline_stats& stats) const { stats.refused_keys += refused_; }

    template <class Archive>
    void archive(Archive& ar) {
        ar.version(1);
        ar(detectors_, refused_);
    }

private:
    struct slot {
        Key key{};
        Detector state{};

        template <class Archive>
        void archive(Archive& ar) {
            ar(key, state);
        }
    };

    static result_of<Detector> judge(Detector& state, const event_type& row) {
        if (row.revision > 0) {
            Detector unchanged = state;
            unchanged.update(row);
            return describe(unchanged);
        }
        state.update(row);
        return describe(state);
    }

    detail::key_table<Key, slot> detectors_;
    std::size_t key_limit_;
    std::uint64_t refused_ = 0;
    std::unique_ptr<storage_type> storage_;
};

}  // namespace millrace
