#pragma once

#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/core/timestamp.hpp>
#include <millrace/endpoint/metrics.hpp>
#include <millrace/pipeline/stage_stats.hpp>

namespace millrace {

/// The Prometheus text format, version 0.0.4.
struct prometheus_metrics {
    static constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";

    static void write(const endpoint_snapshot& now, std::string& out);

private:
    static void pipelines(const endpoint_snapshot& now, std::string& out);

    /// By pipeline and stage, such as {pipeline="trades",stage="3_window"}.
    static void stages(const endpoint_snapshot& now, std::string& out);

    static void topics(const endpoint_snapshot& now, std::string& out);

    static void head(std::string& out, std::string_view name, std::string_view type,
                     std::string_view help);

    static void single(std::string& out, std::string_view name, std::string_view type,
                       std::string_view help, std::uint64_t value);

    template <class Number>
    static void sample(std::string& out, std::string_view name, std::string_view label_name,
                       std::string_view value, Number n) {
        begin_sample(out, name, label_name, value);
        number(out.append("}"), n);
    }

    static void begin_sample(std::string& out, std::string_view name, std::string_view label_name,
                             std::string_view value) {
        label(out.append("millrace_").append(name).append("{"), label_name, value);
    }

    static void label(std::string& out, std::string_view name, std::string_view value);

    template <class Number>
    static void number(std::string& out, Number n) {
        char text[32];
        const auto end = std::to_chars(text, text + sizeof text, n).ptr;
        out.append(" ").append(text, end).append("\n");
    }
};

}  // namespace millrace

#ifndef MILLRACE_COMPILED
#include <millrace/endpoint/prometheus_metrics.ipp>
#endif
