#include <millrace/endpoint/prometheus_metrics.hpp>

#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "catch.hpp"

using namespace millrace;

static_assert(metrics<prometheus_metrics>);

namespace {

std::string written(const endpoint_snapshot& now) {
    std::string out;
    prometheus_metrics::write(now, out);
    return out;
}

/// Reads the text format as its specification says; samples by name and labels.
std::map<std::string, std::string> parsed(const std::string& text) {
    static const std::regex help{"# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) .+"},
        type{"# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge)"},
        sample{
            R"re(([a-zA-Z_:][a-zA-Z0-9_:]*)(\{[a-z]+="(?:[^"\\]|\\.)*"(?:,[a-z]+="(?:[^"\\]|\\.)*")*\})? (\S+))re"};
    std::map<std::string, std::string> samples;
    std::set<std::string> helped, typed;
    std::istringstream lines{text};
    for (std::string line; std::getline(lines, line);) {
        CAPTURE(line);
        std::smatch parts;
        if (std::regex_match(line, parts, help)) {
            REQUIRE(helped.insert(parts[1]).second);
        } else if (std::regex_match(line, parts, type)) {
            REQUIRE(typed.insert(parts[1]).second);
        } else {
            REQUIRE(std::regex_match(line, parts, sample));
            REQUIRE(helped.count(parts[1]) == 1);
            REQUIRE(typed.count(parts[1]) == 1);
            REQUIRE_NOTHROW(std::stod(parts[3]));
            REQUIRE(samples.emplace(parts[1].str() + parts[2].str(), parts[3]).second);
        }
    }
    REQUIRE(text.ends_with("\n"));
    return samples;
}

}  // namespace

TEST_CASE("counters appear in the Prometheus text format") {
    endpoint_snapshot now;
    now.counters.connections = 3;
    now.counters.frames_dropped = 18'446'744'073'709'551'615u;
    now.counters.frames_unsent = 4;
    const auto samples = parsed(written(now));
    REQUIRE(samples.at("millrace_connections") == "3");
    REQUIRE(samples.at("millrace_outbox_unsent_total") == "4");
    REQUIRE(samples.at("millrace_outbox_dropped_total") == "18446744073709551615");
    REQUIRE(samples.at("millrace_handler_errors_total") == "0");
}

TEST_CASE("pipelines, topics and storages are labelled") {
    endpoint_snapshot now;
    pipeline_stats trades;
    trades.events = 10;
    trades.rejected = 1;
    trades.late = 2;
    trades.corrected = 3;
    trades.keys = 4;
    trades.watermark = timestamp{std::chrono::milliseconds{1500}};
    now.pipelines = {{"trades", trades}, {"odd\"\\\n", {}}};
    now.topics = {
        {"bars", 7, 2,
         storage_stats{
             .appended = 6, .dropped = 5, .removals = 1, .wal_bytes = 4096, .is_failing = true}},
        {"raw", 8, 0}};
    const auto samples = parsed(written(now));
    REQUIRE(samples.at(R"(millrace_events_total{pipeline="trades"})") == "10");
    REQUIRE(samples.at(R"(millrace_events_total{pipeline="odd\"\\\n"})") == "0");
    REQUIRE(samples.at(R"(millrace_events_rejected_total{pipeline="trades"})") == "1");
    REQUIRE(samples.at(R"(millrace_events_late_total{pipeline="trades"})") == "2");
    REQUIRE(samples.at(R"(millrace_events_corrected_total{pipeline="trades"})") == "3");
    REQUIRE(samples.at(R"(millrace_keys{pipeline="trades"})") == "4");
    REQUIRE(samples.at(R"(millrace_watermark_seconds{pipeline="trades"})") == "1.5");
    REQUIRE(samples.at(R"(millrace_records_total{topic="bars"})") == "7");
    REQUIRE(samples.at(R"(millrace_subscribers{topic="bars"})") == "2");
    REQUIRE(samples.at(R"(millrace_storage_appended_total{topic="bars"})") == "6");
    REQUIRE(samples.at(R"(millrace_storage_dropped_total{topic="bars"})") == "5");
    REQUIRE(samples.at(R"(millrace_storage_removals_total{topic="bars"})") == "1");
    REQUIRE(samples.at(R"(millrace_storage_wal_bytes{topic="bars"})") == "4096");
    REQUIRE(samples.at(R"(millrace_storage_failing{topic="bars"})") == "1");
    REQUIRE(samples.count(R"(millrace_storage_appended_total{topic="raw"})") == 0);
}

TEST_CASE("stages are labelled by their pipeline and their place in it") {
    endpoint_snapshot now;
    now.taken_at = timestamp{std::chrono::seconds{100}};
    stage_stats source{.name = "1_from", .events_in = 5, .events_out = 4, .refused = 1};
    stage_stats window{.name = "2_w\"",
                       .events_in = 4,
                       .events_out = 3,
                       .late = 1,
                       .keys = 7,
                       .evicted_keys = 10,
                       .timers = 11,
                       .refused_timers = 12,
                       .open_windows = 8,
                       .state_bytes = 9,
                       .watermark = timestamp{std::chrono::milliseconds{98'500}},
                       .time_spent = std::chrono::milliseconds{250}};
    now.pipelines = {{"a", {}, {source, window}}, {"b", {}, {source}}};
    const auto samples = parsed(written(now));
    CHECK(samples.at(R"(millrace_stage_events_in_total{pipeline="a",stage="1_from"})") == "5");
    CHECK(samples.at(R"(millrace_stage_events_in_total{pipeline="b",stage="1_from"})") == "5");
    CHECK(samples.at(R"(millrace_stage_events_refused_total{pipeline="a",stage="1_from"})") == "1");
    const std::string labels = R"({pipeline="a",stage="2_w\""})";
    CHECK(samples.at("millrace_stage_events_in_total" + labels) == "4");
    CHECK(samples.at("millrace_stage_events_out_total" + labels) == "3");
    CHECK(samples.at("millrace_stage_events_late_total" + labels) == "1");
    CHECK(samples.at("millrace_stage_keys" + labels) == "7");
    CHECK(samples.at("millrace_stage_keys_evicted_total" + labels) == "10");
    CHECK(samples.at("millrace_stage_timers" + labels) == "11");
    CHECK(samples.at("millrace_stage_timers_refused_total" + labels) == "12");
    CHECK(samples.at("millrace_stage_windows_open" + labels) == "8");
    CHECK(samples.at("millrace_stage_state_bytes" + labels) == "9");
    CHECK(samples.at("millrace_stage_watermark_seconds" + labels) == "98.5");
    CHECK(samples.at("millrace_stage_watermark_lag_seconds" + labels) == "1.5");
    CHECK(samples.at("millrace_stage_time_seconds_total" + labels) == "0.25");
    for (const auto* name : {"watermark_seconds", "watermark_lag_seconds", "time_seconds_total"})
        CHECK(samples.count("millrace_stage_" + std::string{name} +
                            R"({pipeline="a",stage="1_from"})") == 0);
}
