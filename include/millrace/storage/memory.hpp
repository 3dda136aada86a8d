#pragma once

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <system_error>
#include <utility>
#include <vector>

#include <millrace/core/detail/require_option.hpp>
#include <millrace/storage/row.hpp>
#include <millrace/storage/storage.hpp>

namespace millrace {

struct memory_options {
    std::size_t capacity = 4096;  ///< records; one more replaces the oldest

    template <class To>
    void describe(To& to) const {
        to.tunable("capacity", capacity);
    }
};

/// The Storage that keeps the last `capacity` records in memory, in the order of their arrival; a
/// correction takes its record's place, and where a record was removed the place stays empty. For
/// one thread at a time.
///
/// Complexity: append O(log capacity), scan O(n log n) for n records kept.
/// Memory: up to `capacity` records and an index entry for each, allocated as they arrive.
template <class Record>
class memory_storage {
public:
    using options = memory_options;

    /// @throws std::invalid_argument for a capacity of 0.
    explicit memory_storage(options settings = {}, std::string_view /*topic*/ = {},
                            std::string_view /*key_name*/ = {})
        : capacity_{detail::require_positive("capacity", settings.capacity, "memory_storage")} {
        detail::require_row<Record>();
    }

    std::error_code append(const Record& row) {
        ++appended_;
        const bool is_removal = detail::is_removal(row);
        if (detail::is_of_window(row)) {
            if (const auto found = index_.find(window_of(row)); found != index_.end()) {
                rows_[found->second] = row;
                if (is_removal) index_.erase(found);
                return {};
            }
        }
        if (!is_removal) put(row);
        return {};
    }

    /// Records of one time come in the order of their arrival.
    template <class F>
    std::error_code scan(const storage_query& query, F&& f) const {
        std::vector<const Record*> found = matches(query);
        std::stable_sort(found.begin(), found.end(), [](const Record* a, const Record* b) {
            return detail::time_of_row(*a) < detail::time_of_row(*b);
        });
        const std::size_t left_out = found.size() - std::min(found.size(), query.limit);
        for (std::size_t i = left_out; i < found.size(); ++i) f(std::as_const(*found[i]));
        return {};
    }

    std::error_code flush() noexcept { return {}; }

    [[nodiscard]] storage_stats stats() const noexcept { return {.appended = appended_}; }

    [[nodiscard]] std::size_t size() const noexcept { return rows_.size(); }

    /// The records, oldest first. A storage of a smaller capacity loads the newest of them.
    template <class Archive>
    void archive(Archive& ar) {
        ar.version(1);
        ar(appended_);
        std::uint64_t count = rows_.size();
        ar(count);
        if constexpr (Archive::is_loading) {
            memory_storage loaded{{.capacity = capacity_}};
            for (; count > 0 && ar.ok(); --count) {
                Record row{};
                archive_row(ar, row);
                if (ar.ok()) loaded.put(row);
            }
            loaded.appended_ = appended_;
            *this = std::move(loaded);
        } else {
            for_each_by_arrival([&](Record& row) { archive_row(ar, row); });
        }
    }

private:
    struct window_id {
        detail::row_key<Record> key;
        timestamp start;
        std::uint64_t number;

        bool operator<(const window_id& other) const {
            if (start != other.start) return start < other.start;
            if (number != other.number) return number < other.number;
            if constexpr (std::three_way_comparable<detail::row_key<Record>>) {
                return key < other.key;
            } else {
                return false;
            }
        }
    };

    static detail::row_key<Record> key_of(const Record& row) {
        if constexpr (detail::has_key_parts<Record>) {
            return row.key;
        } else if constexpr (has_role<Record, field_role::key>) {
            return field_of<field_role::key>(row);
        } else {
            return {};
        }
    }

    static window_id window_of(const Record& row) {
        if constexpr (detail::is_numbered<Record>) {
            return {key_of(row), detail::time_of_row(row),
                    field_of<field_role::window_number>(row)};
        } else {
            return {key_of(row), detail::time_of_row(row), 0};
        }
    }

    static bool is_indexed(const Record& row) {
        return detail::is_of_window(row) && !detail::is_removal(row);
    }

    void put(const Record& row) {
        const std::size_t slot = next_;
        if (rows_.size() < capacity_) {
            rows_.push_back(row);
        } else {
            if (is_indexed(rows_[slot])) index_.erase(window_of(rows_[slot]));
            rows_[slot] = row;
        }
        next_ = (slot + 1) % capacity_;
        if (is_indexed(row)) index_.emplace(window_of(row), slot);
    }

    template <class F>
    void for_each_by_arrival(F&& f) {
        const std::size_t first = rows_.size() < capacity_ ? 0 : next_;
        for (std::size_t i = 0; i < rows_.size(); ++i) f(rows_[(first + i) % rows_.size()]);
    }

    std::vector<const Record*> matches(const storage_query& query) const {
        std::vector<const Record*> found;
        const auto key = detail::key_from<detail::row_key<Record>>(query.key.value_or(""));
        if (query.key && !key) return found;
        const std::size_t first = rows_.size() < capacity_ ? 0 : next_;
        for (std::size_t i = 0; i < rows_.size(); ++i) {
            const Record& row = rows_[(first + i) % rows_.size()];
            if (detail::is_timed<Record>) {
                const timestamp time = detail::time_of_row(row);
                if (time < query.from || time >= query.to) continue;
            }
            if (detail::is_removal(row)) continue;
            if (query.key && !(key_of(row) == *key)) continue;
            found.push_back(&row);
        }
        return found;
    }

    template <class Archive>
    static void archive_row(Archive& ar, Record& row) {
        schema<Record>.for_each([&](const auto& each) { ar(each.get(row)); });
    }

    std::size_t capacity_;
    std::vector<Record> rows_;
    std::size_t next_ = 0;
    std::map<window_id, std::size_t> index_;
    std::uint64_t appended_ = 0;
};

}  // namespace millrace
