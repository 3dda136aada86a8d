#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/analyzers/count.hpp>
#include <millrace/pipeline/run.hpp>
#include <millrace/windows/tumbling.hpp>

#include "catch.hpp"
#include "trade.hpp"

using strings = std::vector<std::string>;

/// Notes records as "KEY START COUNT REVISION TRIGGER", and events as "late SYMBOL TIME", in
/// milliseconds.
struct note_rows {
    strings* out;

    template <class Row>
    void operator()(std::string_view topic, const Row& row) const {
        const auto ms = [](millrace::timestamp t) {
            return std::to_string(t.time_since_epoch() / std::chrono::milliseconds{1});
        };
        if constexpr (std::same_as<Row, trade>) {
            out->push_back(std::string{topic} + " " + std::string{row.symbol} + " " + ms(row.time));
        } else {
            std::string line;
            if constexpr (requires { row.key.size(); }) line = row.key + " ";
            constexpr auto names = millrace::schema<millrace::trigger>;
            line += ms(row.window.start) + " " + std::to_string(millrace::at<"count">(row)) + " " +
                    std::to_string(row.revision) + " " + std::string{names.name_of(row.fired_by)};
            out->push_back(line + (row.is_final ? "" : " open"));
        }
    }
};

/// A running pipeline of trades, on a clock of its own whose present is long after their times.
template <class Description>
struct fed {
    millrace::manual_clock clock{at_ms(1'000'000'000'000)};
    strings out{};
    decltype(millrace::start(std::declval<Description>(), note_rows{},
                             std::declval<millrace::clock_view<millrace::manual_clock>>())) running;

    explicit fed(Description description)
        : running{millrace::start(std::move(description), note_rows{&out},
                                  millrace::clock_view{clock})} {}
    fed(const fed&) = delete;
    fed& operator=(const fed&) = delete;

    millrace::errc push(std::string_view symbol, long long ms) {
        return running.push({symbol, 1, 1, at_ms(ms)});
    }
    /// Time passes, and the source is looked at, as by a timer.
    void pass(millrace::duration by) {
        running.tick();
        clock.advance(by);
        running.tick();
        running.tick();
    }
    [[nodiscard]] strings take() { return std::exchange(out, {}); }
    [[nodiscard]] millrace::pipeline_stats stats() const { return running.stats(); }
};

/// Counts of trades for each symbol, by windows with these options.
template <class Window, class... Options>
auto counts(auto source, Window size, Options... options) {
    return std::move(source) | millrace::key_by(&trade::symbol) |
           millrace::window(size, options...) | millrace::process<millrace::count>();
}
