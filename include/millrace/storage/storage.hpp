#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <millrace/core/record.hpp>
#include <millrace/core/schema.hpp>

namespace millrace {

/// What to read back: records of one key or all, whose window starts in [from, to). A record
/// type without a window goes by its event time, one without either by nothing.
struct storage_query {
    std::optional<std::string> key{};  ///< the key as text; one that cannot be matches nothing
    timestamp from = timestamp::min();
    timestamp to = timestamp::max();
    std::size_t limit = 1000;  ///< where more match, the newest ones are given
};

/// What became of the rows so far.
struct storage_stats {
    std::uint64_t appended = 0;   ///< rows taken by `append`
    std::uint64_t dropped = 0;    ///< rows lost, to a full queue or a failure that was not overcome
    std::uint64_t errors = 0;     ///< failed attempts, also of those that a later attempt mended
    std::uint64_t pending = 0;    ///< rows taken and not yet durable
    std::uint64_t removals = 0;   ///< times that its file was removed or replaced under it
    std::uint64_t wal_bytes = 0;  ///< the size of its write-ahead log on the disk, if it has one
    bool is_failing = false;      ///< the latest attempt failed; its rows wait for the next
    std::error_code last_error{};  ///< of the latest error, also once it is mended
};

/// The Storage policy: a class template over the record, which keeps the records of one topic.
///
/// - `S::options`: settings, a type that is the same for every record.
/// - `S(options, std::string_view topic, std::string_view key_name)`: opens; throws
///   std::system_error when it cannot.
///   What fields are then called, `names_with_key<Record>(key_name)` says: a key of several parts
///   has a field for each.
/// - `std::error_code append(const Record&)`: takes a copy; never waits for a disk.
/// - `std::error_code scan(const storage_query&, f)`: calls `f(const Record&)` for each match,
///   oldest first; sees all that was appended before.
/// - `std::error_code flush()`: waits until all that was appended is durable.
/// - `storage_stats stats() const`.
/// - optional, of its options: `template <class To> void describe(To& to) const` tells `describe`
///   what may be shown of them, and no secret: `to.tunable("file", file)`.
/// - optional: `void log_to(const log_hook&)`: tells of failures and recoveries, once each
///   change of state, from any thread. An endpoint calls it before the first row, with its own log.
/// - optional, where `append` may lose rows to a full queue: `bool has_room() const`; while it is
///   false, a pipeline that closes windows in slices (on an endpoint, or at `finish`) waits.
/// - optional, where `scan` waits for a disk: `void async_scan(storage_query, done)`, which calls
///   `done(std::error_code, std::vector<Record>&&)` once, later, on another thread.
///
/// A record of the same key and window as an earlier one (the same start, and of a window by count
/// the same number) is its correction and replaces it; where its `change` is `remove`, it only
/// takes the earlier one away. One that was fired by `trigger::event` has no window and replaces
/// nothing.
template <class S, class Record>
concept storage =
    std::constructible_from<S, typename S::options, std::string_view, std::string_view> &&
    requires(S& store, const S& open, const Record& row, const storage_query& query) {
    { store.append(row) } -> std::convertible_to<std::error_code>;
    {
        store.scan(query, [](const Record&) {})
        } -> std::convertible_to<std::error_code>;
    { store.flush() } -> std::convertible_to<std::error_code>;
    { open.stats() } -> std::convertible_to<storage_stats>;
};

/// Stops the compiler with the first requirement that `S` misses.
template <class S, class Record>
consteval void require_storage() {
#define MILLRACE_NEEDS(condition, member) \
    static_assert(condition, "storage needs: " member " (see millrace/storage/storage.hpp)")
    MILLRACE_NEEDS(
        requires { typename S::options; }, "a member type `options`");
    if constexpr (requires { typename S::options; }) {
        MILLRACE_NEEDS(
            (std::constructible_from<S, typename S::options, std::string_view, std::string_view>),
            "a constructor (options, std::string_view topic, std::string_view key_name)");
    }
    MILLRACE_NEEDS(
        requires(S & s, const Record& r) {
            { s.append(r) } -> std::convertible_to<std::error_code>;
        },
        "std::error_code append(const Record&)");
    MILLRACE_NEEDS(
        requires(S & s, const storage_query& q) {
            {
                s.scan(q, [](const Record&) {})
                } -> std::convertible_to<std::error_code>;
        },
        "std::error_code scan(const storage_query&, F)");
    MILLRACE_NEEDS(
        requires(S & s) {
            { s.flush() } -> std::convertible_to<std::error_code>;
        },
        "std::error_code flush()");
    MILLRACE_NEEDS(
        requires(const S& s) {
            { s.stats() } -> std::convertible_to<storage_stats>;
        },
        "storage_stats stats() const");
#undef MILLRACE_NEEDS
}

namespace detail {

using probe_record = record<no_key, named_value<"value", double>>;

/// @throws what `S` does; std::invalid_argument when the key has the name of another field of the
/// records.
template <class S, class Record>
[[nodiscard]] std::unique_ptr<S> open_storage(typename S::options options, std::string_view topic,
                                              std::string_view key_name) {
    require_storage<S, Record>();
    require_key_name<Record>(key_name);
    return std::make_unique<S>(std::move(options), topic, key_name);
}

}  // namespace detail

/// The settings of a storage template.
template <template <class> class Storage>
using storage_options = typename Storage<detail::probe_record>::options;

}  // namespace millrace
