#pragma once

#include <string>
#include <vector>

#include <millrace/analyzers/count.hpp>
#include <millrace/core/archive.hpp>
#include <millrace/operators/operator.hpp>
#include <millrace/windows/tumbling.hpp>
#include <millrace/windows/windowing.hpp>

#include "trade.hpp"

/// Windows under test, and what they published as "KEY START COUNT REVISION", in milliseconds.
template <template <class, class, class> class Windows, class Windowing>
struct windows_fed {
    using state = Windows<std::string, millrace::count, Windowing>;

    state windows;
    std::vector<std::string> out{};
    std::vector<millrace::trigger> triggers{};
    int late = 0;

    explicit windows_fed(const Windowing& windowing) : windows{windowing} {}

    auto emit() {
        return [this](const typename state::record_type& row) {
            out.push_back(
                row.key + " " +
                std::to_string(row.window.start.time_since_epoch() / std::chrono::milliseconds{1}) +
                " " + std::to_string(millrace::at<"count">(row)) + " " +
                std::to_string(row.revision));
            triggers.push_back(row.fired_by);
        };
    }
    void push(std::string_view key, int ms) {
        auto to = emit();
        auto on_late = [this](const trade&) { ++late; };
        windows.push(key, at_ms(ms), trade{key, 1, 1, at_ms(ms)}, to, on_late);
    }
    void advance(int ms) {
        auto to = emit();
        windows.advance(at_ms(ms), millrace::trigger::watermark, to);
    }
    void tick(int ms) {
        auto to = emit();
        windows.tick(at_ms(ms), to);
    }
    void finish() {
        auto to = emit();
        windows.finish(to);
    }
    [[nodiscard]] millrace::pipeline_stats stats() const {
        millrace::pipeline_stats stats;
        windows.collect(stats);
        return stats;
    }
};
