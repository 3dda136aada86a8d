#include <millrace/endpoint/detail/logs/lost_lines.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "../../server.hpp"

using namespace millrace;

namespace {

struct losing_log {
    std::shared_ptr<std::uint64_t> count = std::make_shared<std::uint64_t>(0);
    void write(const access_entry&) const {}
    [[nodiscard]] std::uint64_t lost() const { return *count; }
};

}  // namespace

TEST_CASE("an access log that loses lines is told of once, until it has lost none for a while") {
    asio::io_context io;
    memory wire;
    std::vector<std::string> told;
    endpoint_options options;
    options.log = [&](const log_entry& e) {
        if (e.what == log_event::log_lines_lost) told.emplace_back(e.message);
    };
    const losing_log log;
    endpoint<memory, open_guard, prometheus_metrics, manual_clock, losing_log> server{
        io, options, wire, {}, {}, log};
    server.tick();
    REQUIRE(told.empty());
    for (int i = 0; i != 3; ++i) {
        ++*log.count;
        server.tick();
    }
    REQUIRE(told == std::vector<std::string>{"the access log loses lines, 1 by now"});
    server.tick();
    *log.count = 9;
    server.tick();
    REQUIRE(told.size() == 2);

    REQUIRE(server.snapshot().access_log_lost == 9);
    memory_client http{io, wire};
    const auto text = http.get("/metrics");
    REQUIRE(text.find("\nmillrace_access_log_lost_total 9\n") != std::string::npos);
}

TEST_CASE("a log that counts no lost lines has no figure for them") {
    REQUIRE_FALSE(detail::lost_lines(null_access_log{}));
    const server s;
    REQUIRE_FALSE(s.endpoint.snapshot().access_log_lost);
}
