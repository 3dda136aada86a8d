#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <vector>

#include "options.hpp"
#include "server_process.hpp"

namespace load {

using clock = std::chrono::steady_clock;

/// Runs `rounds(until)`, which returns the number of messages and leaves none under way, to warm
/// the server up and then to measure. Prints what it took, and leaves the line open.
template <class F>
void measure(const options& settings, F&& rounds) {
    const server_process server(settings.pid);
    const std::chrono::milliseconds time(settings.milliseconds);
    rounds(clock::now() + time / 10);

    const std::uint64_t cpu_before = server.cpu_ns();
    const auto begin = clock::now();
    const auto messages = static_cast<double>(rounds(begin + time));
    const std::chrono::duration<double> elapsed = clock::now() - begin;
    const auto cpu = static_cast<double>(server.cpu_ns() - cpu_before);
    std::printf("cpu_ns %.1f per_second %.0f rss_kb %zu", cpu / messages,
                messages / elapsed.count(), server.resident_bytes() / 1024);
}

/// Microseconds below which so large a part of the times lies.
inline double quantile(std::vector<clock::duration>& times, double part) {
    const auto at = static_cast<std::ptrdiff_t>(part * static_cast<double>(times.size() - 1));
    std::nth_element(times.begin(), times.begin() + at, times.end());
    return std::chrono::duration<double, std::micro>(times[static_cast<std::size_t>(at)]).count();
}

}  // namespace load
