#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <deque>
#include <iterator>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <millrace/core/record.hpp>
#include <millrace/storage/storage.hpp>

enum class mood { calm, busy };

template <>
inline constexpr auto millrace::schema<mood> = millrace::enumerators(
    millrace::enumerator{"calm", mood::calm}, millrace::enumerator{"busy", mood::busy});

/// A result with a field of each kind.
struct measured {
    double mean = 0;
    float low = 0;
    std::optional<double> score{};
    std::optional<std::string> remark{};
    std::uint64_t big = 0;
    std::int64_t small = 0;
    bool is_odd = false;
    std::string note{};
    millrace::timestamp peak{};
    mood state = mood::calm;

    friend bool operator==(const measured&, const measured&) = default;
};

template <>
inline constexpr auto millrace::schema<measured> = millrace::fields(
    millrace::field{"mean", &measured::mean}, millrace::field{"low", &measured::low},
    millrace::field{"score", &measured::score}, millrace::field{"remark", &measured::remark},
    millrace::field{"big", &measured::big}, millrace::field{"small", &measured::small},
    millrace::field{"is_odd", &measured::is_odd}, millrace::field{"note", &measured::note},
    millrace::field{"peak", &measured::peak}, millrace::field{"state", &measured::state});

using result_row = millrace::record<std::string, measured>;

inline millrace::timestamp at(std::int64_t seconds) {
    return millrace::timestamp{std::chrono::seconds{seconds}};
}

/// A result_row whose fields all follow from its number, so that a torn or mixed one shows.
inline result_row numbered(std::int64_t number, std::string key, std::int64_t start) {
    result_row out;
    out.key = std::move(key);
    out.window = {at(start), at(start + 1)};
    out.result.mean = static_cast<double>(number) / 3;
    out.result.low = static_cast<float>(number) / 7;
    if (number % 2 == 0) out.result.score = static_cast<double>(number) / 11;
    if (number % 3 == 0) out.result.remark = "remark " + std::to_string(number);
    out.result.big = UINT64_MAX - static_cast<std::uint64_t>(number);
    out.result.small = -number;
    out.result.is_odd = number % 2 != 0;
    out.result.note = std::string(static_cast<std::size_t>(number % 50), 'x');
    out.result.peak = at(number) + std::chrono::nanoseconds{1};
    out.result.state = number % 2 == 0 ? mood::calm : mood::busy;
    out.revision = static_cast<std::uint32_t>(number);
    out.late = static_cast<std::uint64_t>(number);
    return out;
}

inline result_row numbered(std::int64_t number) { return numbered(number, "a", number); }

/// The same row by a key of two parts, in the same order of keys.
using paired_row = millrace::record<millrace::composite_key<std::string, std::string>, measured>;

inline paired_row paired(const result_row& row) {
    paired_row out;
    out.key = decltype(out.key){{row.key < "c" ? "/" : "~", row.key}};
    out.window = row.window;
    out.result = row.result;
    out.change = row.change;
    out.revision = row.revision;
    out.fired_by = row.fired_by;
    out.late = row.late;
    return out;
}
inline std::vector<paired_row> paired(const std::vector<result_row>& rows) {
    std::vector<paired_row> out;
    for (const auto& each : rows) out.push_back(paired(each));
    return out;
}
inline millrace::storage_query paired(millrace::storage_query query) {
    if (query.key) query.key = (*query.key < "c" ? "~1/" : "~0/") + *query.key;
    return query;
}

/// What the storage gives for a query.
template <class Row = result_row, class Storage>
std::vector<Row> scanned(Storage& storage, const millrace::storage_query& query = {}) {
    std::vector<Row> out;
    const std::error_code error =
        storage.scan(query, [&](const Row& each) { out.push_back(each); });
    if (error) throw std::system_error{error};
    return out;
}

/// What a storage is to do, in the plainest way.
struct model {
    bool ties_by_key;  ///< else by arrival
    std::size_t capacity = SIZE_MAX;
    std::deque<result_row> rows{};  ///< where one was removed, its place stays

    void append(const result_row& next) {
        const auto same = std::find_if(rows.begin(), rows.end(), [&](const result_row& each) {
            return each.key == next.key && each.window.start == next.window.start &&
                   each.change != millrace::change::remove &&
                   each.fired_by != millrace::trigger::event &&
                   next.fired_by != millrace::trigger::event;
        });
        if (same != rows.end()) {
            *same = next;
            return;
        }
        if (next.change == millrace::change::remove) return;
        if (rows.size() == capacity) rows.pop_front();
        rows.push_back(next);
    }

    std::vector<result_row> scan(const millrace::storage_query& query) const {
        std::vector<result_row> out;
        std::copy_if(
            rows.begin(), rows.end(), std::back_inserter(out), [&](const result_row& each) {
                return each.change != millrace::change::remove && each.window.start >= query.from &&
                       each.window.start < query.to && (!query.key || *query.key == each.key);
            });
        std::stable_sort(out.begin(), out.end(), [this](const result_row& a, const result_row& b) {
            if (a.window.start != b.window.start) return a.window.start < b.window.start;
            if (!ties_by_key) return false;
            if (a.key != b.key) return a.key < b.key;
            const auto is_event = [](const result_row& r) {
                return r.fired_by == millrace::trigger::event;
            };
            return is_event(a) < is_event(b);
        });
        if (out.size() > query.limit) {
            out.erase(out.begin(), out.end() - static_cast<std::ptrdiff_t>(query.limit));
        }
        return out;
    }
};

inline result_row random_row(std::mt19937& random, std::int64_t number) {
    result_row out = numbered(number, std::string{static_cast<char>('a' + random() % 4)},
                              static_cast<std::int64_t>(random() % 30) - 10);
    out.fired_by = random() % 4 == 0 ? millrace::trigger::event : millrace::trigger::late;
    if (out.fired_by == millrace::trigger::late && random() % 4 == 0)
        out.change = millrace::change::remove;
    return out;
}

inline millrace::storage_query random_query(std::mt19937& random) {
    millrace::storage_query out;
    if (random() % 2 == 0) out.key = std::string{static_cast<char>('a' + random() % 5)};
    if (random() % 2 == 0) out.from = at(static_cast<std::int64_t>(random() % 30) - 10);
    if (random() % 2 == 0) out.to = at(static_cast<std::int64_t>(random() % 30) - 10);
    if (random() % 2 == 0) out.limit = random() % 12;
    return out;
}
