#pragma once

#include <utility>

#include <millrace/core/stage.hpp>
#include <millrace/storage/null.hpp>
#include <millrace/storage/storage.hpp>

namespace millrace {

template <class Analyzer, template <class> class Storage>
struct process_stage : stage {
    storage_options<Storage> options;

    explicit process_stage(storage_options<Storage> settings) : options{std::move(settings)} {}
};

/// Folds the stream into an `Analyzer` for each key and window and keeps every result in the
/// `Storage`, in a table called after the topic that follows. Records come out. Without a
/// `window` before it, each event gives a record.
template <class Analyzer, template <class> class Storage = null_storage>
[[nodiscard]] process_stage<Analyzer, Storage> process(storage_options<Storage> options = {}) {
    return process_stage<Analyzer, Storage>{std::move(options)};
}

template <class Detector, template <class> class Storage>
struct detect_stage : stage {
    storage_options<Storage> options;
    std::size_t key_limit = 1'000'000;

    explicit detect_stage(storage_options<Storage> settings) : options{std::move(settings)} {}
};

/// Follows the records of a previous `process` over time: the `Detector`, an analyzer that sees
/// each key's records in the order of their windows, adds its result's fields to the record.
///
///     | process<summary<mean<&reading::value>>>()
///     | detect<ewma_zscore<at<"mean">>, sqlite_storage>({.file = "readings.db"})
///
/// A correction is judged, but the detector does not learn from it: it has learned from the
/// window once.
template <class Detector, template <class> class Storage = null_storage>
[[nodiscard]] detect_stage<Detector, Storage> detect(storage_options<Storage> options = {}) {
    return detect_stage<Detector, Storage>{std::move(options)};
}

}  // namespace millrace
