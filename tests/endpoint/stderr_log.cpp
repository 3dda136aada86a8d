#include <millrace/endpoint/stderr_log.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>

#include "captured_stderr.hpp"
#include "catch.hpp"

using namespace millrace;

namespace {

std::size_t lines_of(const std::string& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

TEST_CASE("a line says when, how bad, what, whom and why, and holds no line of the client's") {
    std::string out;
    append_log_line(out, timestamp{std::chrono::milliseconds{1'500}},
                    {log_severity::warning, log_event::refused, 7, "too many\nfrom\x7f \xC3\xA9"});
    REQUIRE(out ==
            "1970-01-01T00:00:01.500Z warning refused connection=7 "
            "too many\\x0afrom\\x7f \xC3\xA9\n");
    out.clear();
    append_log_line(out, timestamp{}, {log_severity::info, log_event::stopped, 0, ""}, 12);
    REQUIRE(out == "1970-01-01T00:00:00Z info stopped (12 more like it left out)\n");
}

TEST_CASE("of each event only so many lines a second are written, others are not held up") {
    const captured_stderr captured;
    const stderr_log log{{.max_lines_per_second = 3}};
    for (int i = 0; i != 50; ++i) log({log_severity::warning, log_event::refused, 1, "again"});
    log({log_severity::info, log_event::stopped, 0, "bye"});
    log.flush();
    const auto text = captured.text();
    REQUIRE(lines_of(text) >= 4);
    REQUIRE(lines_of(text) <= 5);  // a slow machine may give a token back
    REQUIRE(text.find(" info stopped bye\n") != std::string::npos);
}

TEST_CASE("what is less severe than asked for is not written") {
    const captured_stderr captured;
    const stderr_log log{{.at_least = log_severity::warning}};
    log({log_severity::info, log_event::started, 0, "quiet"});
    log({log_severity::error, log_event::storage_failed, 0, "loud"});
    log.flush();
    REQUIRE(log.lost() == 0);
    REQUIRE(captured.text().find("quiet") == std::string::npos);
    REQUIRE(captured.text().find(" error storage_failed loud\n") != std::string::npos);
}
