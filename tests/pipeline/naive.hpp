#pragma once

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "trade.hpp"

/// Windows by the textbook: all windows are kept for ever, each event looks at the watermark.
struct naive_windows {
    struct totals {
        std::uint64_t count = 0;
        double sum = 0;
    };

    long long size, disorder, lateness;  // milliseconds
    bool is_per_key;
    std::map<std::pair<std::string, long long>, totals> windows{};
    std::map<std::string, long long> latest{};
    std::uint64_t late = 0, corrected = 0;

    void push(const std::string& key, long long time, double value) {
        const std::string clock = is_per_key ? key : "";
        const auto at = latest.find(clock);
        const bool is_first = at == latest.end();
        const long long watermark = is_first ? 0 : at->second - disorder;
        const long long start = time / size * size;
        if (!is_first && start + size + lateness <= watermark) {
            ++late;
        } else {
            if (!is_first && start + size <= watermark) ++corrected;
            totals& window = windows[{key, start}];
            ++window.count;
            window.sum += value;
        }
        latest[clock] = is_first ? time : std::max(at->second, time);
    }
};

struct random_trades {
    std::vector<std::string> symbols;
    std::vector<trade> events;

    /// Times grow by up to 20 ms an event and are then set back by up to `jitter` ms.
    random_trades(unsigned seed, std::size_t count, int keys, int jitter) {
        std::mt19937 random{seed};
        for (int i = 0; i < keys; ++i) symbols.push_back("SYM" + std::to_string(i));
        long long now = 100'000;
        for (std::size_t i = 0; i < count; ++i) {
            now += static_cast<long long>(random() % 21);
            const long long back = jitter == 0 ? 0 : static_cast<long long>(random()) % jitter;
            events.push_back({symbols[random() % symbols.size()],
                              static_cast<double>(random() % 1000), 1, at_ms(now - back)});
        }
    }
};

inline long long ms_of(millrace::timestamp time) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}
