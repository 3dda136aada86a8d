#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include <millrace/core/clock.hpp>
#include <millrace/core/detail/compiled.hpp>
#include <millrace/core/detail/token_bucket.hpp>
#include <millrace/core/log.hpp>
#include <millrace/core/timestamp.hpp>
#include <millrace/endpoint/detail/logs/escaped.hpp>
#include <millrace/endpoint/detail/logs/line_writer.hpp>
#include <millrace/endpoint/detail/logs/stderr_sink.hpp>

namespace millrace {

/// Settings of `stderr_log`.
struct stderr_log_options {
    /// What is less severe is not written.
    log_severity at_least = log_severity::info;
    /// Lines of one event a second, and at once after a pause: at least 1. Beyond, they are left
    /// out, and the next one of that event says how many were.
    std::size_t max_lines_per_second = 10;
    /// Lines that wait to be written, in bytes; what does not fit is lost, and counted.
    std::size_t max_queued_bytes = 256 * 1024;
};

/// One line of a log: "2026-01-05T09:30:00.125Z warning refused connection=7 too many". Control
/// characters of the message are written as "\x0a", so that no client can make up a line.
void append_log_line(std::string& out, timestamp time, const log_entry& entry,
                     std::uint64_t left_out = 0);

/// A log on standard error, for `endpoint_options::log`. Lines are written in a thread of its own,
/// so that no loop waits for whoever reads them. Copies share it; any thread may call it.
class stderr_log {
public:
    explicit stderr_log(const stderr_log_options& options = {})
        : state_{std::make_shared<state>(options)} {}

    void operator()(const log_entry& entry) const {
        state& s = *state_;
        if (entry.level < s.options.at_least) return;
        std::uint64_t left_out = 0;
        {
            const std::lock_guard lock{s.mutex};
            auto& of_event = s.limits[static_cast<std::size_t>(entry.what)];
            if (!of_event.lines)
                of_event.lines = detail::token_bucket::of_a_second(s.options.max_lines_per_second);
            if (!of_event.lines->take(std::chrono::steady_clock::now().time_since_epoch())) {
                ++of_event.left_out;
                return;
            }
            left_out = std::exchange(of_event.left_out, 0);
        }
        std::string line;
        append_log_line(line, system_clock{}.wall(), entry, left_out);
        s.writer.write(line);
    }

    /// Waits until what was logged before is written.
    void flush() const { state_->writer.flush(); }

    /// Lines that did not fit, and batches that could not be written.
    [[nodiscard]] std::uint64_t lost() const { return state_->writer.lost(); }

private:
    struct event_limit {
        std::optional<detail::token_bucket> lines;
        std::uint64_t left_out = 0;
    };
    struct state {
        explicit state(const stderr_log_options& given)
            : options{given}, writer{detail::stderr_sink{}, given.max_queued_bytes} {}

        stderr_log_options options;
        std::mutex mutex;
        std::array<event_limit, detail::log_events> limits;
        detail::line_writer<detail::stderr_sink> writer;
    };

    std::shared_ptr<state> state_;
};

}  // namespace millrace

#ifndef MILLRACE_COMPILED
#include <millrace/endpoint/stderr_log.ipp>
#endif
