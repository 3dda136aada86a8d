#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <utility>

#include <millrace/analyzers/count.hpp>
#include <millrace/core/record.hpp>
#include <millrace/operators/key_by.hpp>
#include <millrace/operators/tee.hpp>
#include <millrace/pipeline/parallel.hpp>
#include <millrace/pipeline/process.hpp>
#include <millrace/pipeline/run.hpp>
#include <millrace/pipeline/store.hpp>
#include <millrace/storage/storage.hpp>
#include <millrace/windows/by_count.hpp>
#include <millrace/windows/session.hpp>
#include <millrace/windows/sliding.hpp>
#include <millrace/windows/trigger.hpp>
#include <millrace/windows/tumbling.hpp>

#include "catch.hpp"
#include "random_plan.hpp"

/// How many events the windows of one kind hold, as their records say.
struct window_table {
    using id = std::tuple<std::string, millrace::timestamp, millrace::timestamp, std::uint64_t>;
    std::map<id, std::uint64_t> counts{};
    std::size_t misfits = 0;  ///< records that do not fit what was said before

    template <class Record>
    void take(const Record& row) {
        std::uint64_t number = 0;
        if constexpr (requires { row.window.number; }) number = row.window.number;
        const id at{row.key, row.window.start, row.window.end, number};
        misfits += (row.change == millrace::change::insert) == counts.contains(at);
        if (row.change == millrace::change::remove)
            counts.erase(at);
        else
            counts[at] = millrace::at<"count">(row);
    }

    [[nodiscard]] std::uint64_t events_of(const std::string& key) const {
        std::uint64_t all = 0;
        for (const auto& [at, count] : counts)
            if (std::get<0>(at) == key) all += count;
        return all;
    }
};

/// A storage that is such a table.
struct window_table_options {
    window_table* table = nullptr;
};
template <class Record>
class window_rows {
public:
    using options = window_table_options;

    window_rows(options settings, std::string_view, std::string_view) : table_{settings.table} {}

    std::error_code append(const Record& row) {
        table_->take(row);
        return {};
    }
    template <class F>
    std::error_code scan(const millrace::storage_query&, F&&) const {
        return {};
    }
    std::error_code flush() { return {}; }
    [[nodiscard]] millrace::storage_stats stats() const { return {}; }

private:
    window_table* table_;
};

namespace {

struct window_tables {
    window_table sessions{}, sliding{}, early{}, by_count{};

    /// Each event is where it belongs, once.
    void check(const plan& of, const taken& by) const {
        for (const auto* each : {&sessions, &sliding, &early, &by_count}) CHECK(each->misfits == 0);
        for (std::size_t i = 0; i != of.numbers(); ++i) {
            CAPTURE(i);
            const std::string key = name_of(i);
            const std::uint64_t events = by.last[i];
            CHECK(sessions.events_of(key) == events);
            CHECK(sliding.events_of(key) == events * of.slides_per_window);
            CHECK(early.events_of(key) == events);
            CHECK(by_count.events_of(key) == events / of.window_events * of.window_events);
        }
    }
};

/// As `sums`, beside windows of each kind and with triggers, some in several loops.
template <class Source>
auto sums_beside_windows(Source source, const plan& of, taken& to, window_tables& tables) {
    using namespace millrace;
    using namespace std::chrono_literals;
    const auto kept = [](auto cut, window_table& in) {
        return tee(std::move(cut) | process<count, window_rows>({&in}));
    };
    const auto kept_by_loops = [&](auto cut, window_table& in) {
        return tee(parallel(of.section_loops, std::move(cut) | process<count>()) |
                   store<window_rows>({&in}));
    };
    const duration unit = of.window_unit;
    const auto slides = static_cast<duration::rep>(of.slides_per_window);
    return sums_of(counted(std::move(source), of, to) | key_by(&reading::sensor) |
                       kept(window(session{unit}, lateness{1h}, drop_late), tables.sessions) |
                       kept_by_loops(window(sliding{slides * unit, unit}, lateness{1h}, drop_late),
                                     tables.sliding) |
                       kept(window(tumbling{unit}, early{events{of.window_events}}, lateness{1h},
                                   late{events{of.window_events}}, drop_late),
                            tables.early) |
                       kept_by_loops(window(tumbling_count{of.window_events}), tables.by_count),
                   of);
}

}  // namespace
