#pragma once

#include <millrace/endpoint/prometheus_metrics.hpp>

namespace millrace {

MILLRACE_INLINE void prometheus_metrics::write(const endpoint_snapshot& now, std::string& out) {
    const auto& c = now.counters;
    single(out, "connections", "gauge", "Connections open", c.connections);
    single(out, "accepted_total", "counter", "Connections accepted", c.accepted);
    single(out, "refused_total", "counter",
           "Connections, and requests by way of a proxy, beyond a limit", c.refused);
    single(out, "denied_total", "counter", "Requests that a guard or an authorisation rule refused",
           c.denied);
    single(out, "accept_errors_total", "counter", "Failures to accept", c.accept_errors);
    single(out, "http_requests_total", "counter", "HTTP requests answered", c.http_requests);
    single(out, "upgrades_total", "counter", "WebSocket connections opened", c.upgrades);
    single(out, "messages_received_total", "counter", "Messages received", c.messages_in);
    single(out, "messages_ignored_total", "counter",
           "Messages that came when their connection was closing", c.messages_ignored);
    single(out, "bytes_received_total", "counter", "Bytes received", c.bytes_in);
    single(out, "frames_sent_total", "counter", "Frames queued to be sent", c.frames_out);
    single(out, "bytes_sent_total", "counter", "Bytes sent", c.bytes_out);
    single(
        out, "outbox_dropped_total", "counter",
        "Frames dropped for slow consumers, for those disconnected for that or for their memory, "
        "and records for a loop that is behind",
        c.frames_dropped);
    single(out, "outbox_unsent_total", "counter", "Frames that waited when their connection ended",
           c.frames_unsent);
    single(out, "slow_disconnects_total", "counter", "Slow consumers disconnected",
           c.slow_disconnects);
    single(out, "floods_total", "counter", "Connections closed for too many frames", c.floods);
    single(out, "protocol_errors_total", "counter", "Connections closed for protocol errors",
           c.protocol_errors);
    single(out, "timeouts_total", "counter", "Connections closed by a timeout", c.timeouts);
    single(out, "handler_errors_total", "counter", "Exceptions out of handlers", c.handler_errors);
    single(out, "memory_bytes", "gauge", "Memory that connections hold", c.memory_bytes);
    single(out, "memory_ended_total", "counter", "Connections ended for holding the most memory",
           c.memory_ended);
    if (now.access_log_lost)
        single(out, "access_log_lost_total", "counter", "Lines that the access log lost",
               *now.access_log_lost);
    pipelines(now, out);
    stages(now, out);
    topics(now, out);
}

MILLRACE_INLINE void prometheus_metrics::pipelines(const endpoint_snapshot& now, std::string& out) {
    const auto each = [&](std::string_view name, std::string_view type, std::string_view help,
                          auto&& value) {
        if (now.pipelines.empty()) return;
        head(out, name, type, help);
        for (const auto& p : now.pipelines) {
            if constexpr (requires { value(p.stats).has_value(); }) {
                if (const auto n = value(p.stats)) sample(out, name, "pipeline", p.input, *n);
            } else {
                sample(out, name, "pipeline", p.input, value(p.stats));
            }
        }
    };
    using stats = pipeline_stats;
    each("events_total", "counter", "Events taken in", [](const stats& s) { return s.events; });
    each("events_rejected_total", "counter", "Events refused by the codec or for a key too long",
         [](const stats& s) { return s.rejected; });
    each("events_late_total", "counter", "Events later than the allowed lateness",
         [](const stats& s) { return s.late; });
    each("events_corrected_total", "counter", "Late events that corrected a record",
         [](const stats& s) { return s.corrected; });
    each("keys_refused_total", "counter", "Events refused for too many keys or a key too long",
         [](const stats& s) { return s.refused_keys; });
    each("keys_evicted_total", "counter", "Keys whose state made room for others",
         [](const stats& s) { return s.evicted_keys; });
    each("events_failed_total", "counter", "Events at which something threw",
         [](const stats& s) { return s.failed; });
    each("keys", "gauge", "Keys that hold state", [](const stats& s) { return s.keys; });
    each("windows_open", "gauge", "Windows open", [](const stats& s) { return s.open_windows; });
    each(
        "watermark_seconds", "gauge", "Event time reached, in seconds since the epoch",
        [](const stats& s) {
            return s.watermark == timestamp::min()
                       ? std::nullopt
                       : std::optional{
                             std::chrono::duration<double>(s.watermark.time_since_epoch()).count()};
        });
}

MILLRACE_INLINE void prometheus_metrics::stages(const endpoint_snapshot& now, std::string& out) {
    if (now.pipelines.empty()) return;
    const auto each = [&](std::string_view name, std::string_view type, std::string_view help,
                          auto&& value) {
        head(out, name, type, help);
        for (const auto& p : now.pipelines)
            for (const auto& s : p.stages) {
                const auto n = value(s);
                if (!n) continue;
                begin_sample(out, name, "pipeline", p.input);
                label(out.append(","), "stage", s.name);
                number(out.append("}"), *n);
            }
    };
    const auto count = [&](std::string_view name, std::string_view type, std::string_view help,
                           std::uint64_t stage_stats::*member) {
        each(name, type, help, [&](const stage_stats& s) { return std::optional{s.*member}; });
    };
    count("stage_events_in_total", "counter", "Events that came to the stage",
          &stage_stats::events_in);
    count("stage_events_out_total", "counter", "Events that the stage passed on or made",
          &stage_stats::events_out);
    count("stage_events_late_total", "counter", "Events later than the allowed lateness",
          &stage_stats::late);
    count("stage_events_refused_total", "counter", "Events beyond a limit of the stage",
          &stage_stats::refused);
    count("stage_keys", "gauge", "Keys that hold state in the stage", &stage_stats::keys);
    count("stage_keys_evicted_total", "counter", "Keys whose state made room for others",
          &stage_stats::evicted_keys);
    count("stage_timers", "gauge", "Timers that are set in the stage", &stage_stats::timers);
    count("stage_timers_refused_total", "counter", "Timers beyond the limit of their key",
          &stage_stats::refused_timers);
    count("stage_events_released_early_total", "counter",
          "Events that went on before their time for a limit", &stage_stats::released_early);
    count("stage_windows_open", "gauge", "Windows open in the stage", &stage_stats::open_windows);
    count("stage_state_bytes", "gauge", "Memory that keys and windows have allocated",
          &stage_stats::state_bytes);
    const auto seconds = [](duration d) { return std::chrono::duration<double>(d).count(); };
    const auto has_time = [](const stage_stats& s) { return s.watermark != timestamp::min(); };
    using optional_seconds = std::optional<double>;
    each("stage_watermark_seconds", "gauge", "Event time reached, in seconds since the epoch",
         [&](const stage_stats& s) {
             return has_time(s) ? optional_seconds{seconds(s.watermark.time_since_epoch())}
                                : std::nullopt;
         });
    each("stage_watermark_lag_seconds", "gauge", "How far event time is behind the clock",
         [&](const stage_stats& s) {
             return has_time(s) ? optional_seconds{seconds(now.taken_at.time_since_epoch()) -
                                                   seconds(s.watermark.time_since_epoch())}
                                : std::nullopt;
         });
    each("stage_time_seconds_total", "counter", "Time that the stage took, where measured",
         [&](const stage_stats& s) {
             return s.time_spent ? optional_seconds{seconds(*s.time_spent)} : std::nullopt;
         });
}

MILLRACE_INLINE void prometheus_metrics::topics(const endpoint_snapshot& now, std::string& out) {
    if (now.topics.empty()) return;
    head(out, "records_total", "counter", "Records published");
    for (const auto& t : now.topics) sample(out, "records_total", "topic", t.name, t.records);
    head(out, "subscribers", "gauge", "Subscriptions");
    for (const auto& t : now.topics) sample(out, "subscribers", "topic", t.name, t.subscribers);

    head(out, "storage_failing", "gauge", "Whether the storage fails at the moment");
    for (const auto& t : now.topics)
        if (t.storage)
            sample(out, "storage_failing", "topic", t.name, t.storage->is_failing ? 1 : 0);
    const auto stored = [&](std::string_view name, std::string_view type, std::string_view help,
                            std::uint64_t storage_stats::*value) {
        head(out, name, type, help);
        for (const auto& t : now.topics)
            if (t.storage) sample(out, name, "topic", t.name, (*t.storage).*value);
    };
    stored("storage_appended_total", "counter", "Rows given to the storage",
           &storage_stats::appended);
    stored("storage_dropped_total", "counter", "Rows that the storage lost",
           &storage_stats::dropped);
    stored("storage_errors_total", "counter", "Failed attempts of the storage",
           &storage_stats::errors);
    stored("storage_pending", "gauge", "Rows not yet durable", &storage_stats::pending);
    stored("storage_removals_total", "counter", "Times that its file was removed under it",
           &storage_stats::removals);
    stored("storage_wal_bytes", "gauge", "Size of the write-ahead log on the disk",
           &storage_stats::wal_bytes);
}

MILLRACE_INLINE void prometheus_metrics::head(std::string& out, std::string_view name,
                                              std::string_view type, std::string_view help) {
    out.append("# HELP millrace_").append(name).append(" ").append(help);
    out.append("\n# TYPE millrace_").append(name).append(" ").append(type).append("\n");
}

MILLRACE_INLINE void prometheus_metrics::single(std::string& out, std::string_view name,
                                                std::string_view type, std::string_view help,
                                                std::uint64_t value) {
    head(out, name, type, help);
    out.append("millrace_").append(name);
    number(out, value);
}

MILLRACE_INLINE void prometheus_metrics::label(std::string& out, std::string_view name,
                                               std::string_view value) {
    out.append(name).append("=\"");
    for (const char c : value) {
        if (c == '\\' || c == '"') out.push_back('\\');
        if (c == '\n')
            out.append("\\n");
        else
            out.push_back(c);
    }
    out.append("\"");
}

}  // namespace millrace
