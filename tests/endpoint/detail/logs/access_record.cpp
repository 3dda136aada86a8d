#include <millrace/endpoint/detail/logs/access_record.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/pipeline/run.hpp>

#include "../../note.hpp"
#include "../../server.hpp"

using namespace millrace;

namespace {

struct line {
    access_entry::kind what;
    std::string text;  ///< method, target, user agent, principal
    std::string version;
    std::string address;
    int status;
    std::uint64_t bytes_in, bytes_out;
    duration took;
    timestamp time;
};

struct recorder {
    std::shared_ptr<std::vector<line>> lines = std::make_shared<std::vector<line>>();
    void write(const access_entry& e) const {
        std::string text;
        text.append(e.method).append(" ").append(e.target).append(" ").append(e.user_agent);
        text.append(" ").append(e.principal);
        lines->push_back({e.what, text, std::string{e.version}, std::string{e.address}, e.status,
                          e.bytes_in, e.bytes_out, e.took, e.time});
    }
};

struct named_guard {
    verdict admit(const http::request& request, std::string_view) const {
        if (request.query("token") != "s3cret") return {errc::unauthorized, "no token"};
        return verdict::pass("nurse");
    }
};

struct logged_server {
    explicit logged_server(endpoint_options options = {})
        : endpoint{io, std::move(options), wire, {}, clock, log} {
        endpoint.on_message("/echo",
                            [](connection& from, std::string_view text) { from.send(text); });
        endpoint.serve(from<note>("notes") | publish("repeated"));
    }
    void advance(std::chrono::nanoseconds by) {
        endpoint.clock().advance(by);
        endpoint.tick();
        io.restart();
        io.poll();
    }

    asio::io_context io;
    memory wire;
    manual_clock clock{timestamp{std::chrono::sys_days{std::chrono::January / 5 / 2026}}};
    recorder log;
    std::vector<line>& lines = *log.lines;
    millrace::endpoint<memory, named_guard, prometheus_metrics, manual_clock, recorder> endpoint;
};

using kind = access_entry::kind;

}  // namespace

TEST_CASE("each request has a line, once its answer is sent") {
    logged_server s;
    memory_client http{s.io, s.wire};
    const auto answer = http.get("/api/topics?token=s3cret", "User-Agent: curl/8\r\n");
    REQUIRE(answer.starts_with("HTTP/1.1 200"));
    REQUIRE(s.lines.size() == 1);
    REQUIRE(s.lines[0].what == kind::request);
    REQUIRE(s.lines[0].text == "GET /api/topics?token=*** curl/8 nurse");
    REQUIRE(s.lines[0].version == "HTTP/1.1");
    REQUIRE(s.lines[0].status == 200);
    REQUIRE(s.lines[0].bytes_out == answer.size() - answer.find("\r\n\r\n") - 4);
    REQUIRE(s.lines[0].time == s.clock.wall());

    http.get("/healthz");
    http.get("/nothing?token=wrong");
    REQUIRE(s.lines.size() == 3);
    REQUIRE(s.lines[1].text == "GET /healthz  ");
    REQUIRE(s.lines[2].status == 401);
    http.send_raw("no request\r\n\r\n");
    REQUIRE(s.lines.size() == 4);
    REQUIRE(s.lines[3].text.starts_with("  "));
    REQUIRE(s.lines[3].version.empty());
    REQUIRE(s.lines[3].status == 400);

    memory_client old{s.io, s.wire};
    old.send_raw("GET /healthz HTTP/1.0\r\n\r\n");
    REQUIRE(s.lines.size() == 5);
    REQUIRE(s.lines[4].version == "HTTP/1.0");
}

TEST_CASE("a request whose body does not come has its line") {
    logged_server s{{.trusted_proxies = address_list{"192.0.2.1"}, .message_timeout = 10s}};
    memory_client slow{s.io, s.wire, {.remote_address = "192.0.2.1"}};
    slow.send_raw(
        "POST /notes?token=s3cret HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 198.51.100.7\r\n"
        "Content-Length: 9\r\n\r\n{");
    s.advance(11s);
    REQUIRE(slow.take_raw().starts_with("HTTP/1.1 408"));
    REQUIRE(s.lines.size() == 1);
    REQUIRE(s.lines[0].text == "POST /notes?token=***  nurse");
    REQUIRE(s.lines[0].address == "198.51.100.7");
    REQUIRE(s.lines[0].status == 408);
}

TEST_CASE("what is no request is its sender's, whoever came before on the same connection") {
    logged_server s{{.trusted_proxies = address_list{"192.0.2.1"}}};
    memory_client http{s.io, s.wire, {.remote_address = "192.0.2.1"}};
    http.get("/api/topics?token=s3cret", "X-Forwarded-For: 198.51.100.7\r\n");
    REQUIRE(s.lines.back().address == "198.51.100.7");
    REQUIRE(s.lines.back().text.ends_with(" nurse"));
    http.send_raw("GET /bad path HTTP/1.1\r\nX-Forwarded-For: 203.0.113.66\r\n\r\n");
    REQUIRE(s.lines.size() == 2);
    REQUIRE(s.lines.back().status == 400);
    REQUIRE(s.lines.back().address == "192.0.2.1");
    REQUIRE(s.lines.back().text == "   ");
}

TEST_CASE("no line is as long as a head may be") {
    logged_server s;
    memory_client http{s.io, s.wire};
    http.get("/healthz?" + std::string(3'000, 'x'),
             "User-Agent: " + std::string(3'000, 'y') + "\r\n");
    REQUIRE(s.lines.size() == 1);
    REQUIRE(s.lines[0].text.size() < 1'100);
}

TEST_CASE("a connection has a line when it opens, and one with its close code when it ends") {
    logged_server s;
    {
        memory_client c{s.io, s.wire};
        REQUIRE(c.upgrade("/echo?token=s3cret", "User-Agent: page\r\n"));
        REQUIRE(s.lines.size() == 1);
        REQUIRE(s.lines[0].what == kind::opened);
        REQUIRE(s.lines[0].status == 101);
        REQUIRE(s.lines[0].text == "GET /echo?token=*** page nurse");
        c.send_text("hello");
        s.advance(2s);
        c.send_close(close_code::going_away);
    }
    REQUIRE(s.lines.size() == 2);
    REQUIRE(s.lines[1].what == kind::closed);
    REQUIRE(s.lines[1].status == 1001);
    REQUIRE(s.lines[1].text == "GET /echo?token=*** page nurse");
    REQUIRE(s.lines[1].version == "HTTP/1.1");
    REQUIRE(s.lines[1].took == 2s);
    REQUIRE(s.lines[1].bytes_in > 11);
    REQUIRE(s.lines[1].bytes_out > 7);
}

TEST_CASE(
    "a connection that is cut off ended with 1006, a request with what was sent of its answer") {
    logged_server s;
    {
        memory_client c{s.io, s.wire};
        REQUIRE(c.upgrade("/echo?token=s3cret"));
        c.close();
        s.advance(0s);
    }
    REQUIRE(s.lines.size() == 2);
    REQUIRE(s.lines[1].status == 1006);
    {
        memory_client http{s.io, s.wire, {.capacity_bytes = 16}};
        http.stall();
        http.send_raw("GET /api/topics?token=s3cret HTTP/1.1\r\nHost: x\r\n\r\n");
        REQUIRE(s.lines.size() == 2);
        http.close();
        s.advance(0s);
    }
    REQUIRE(s.lines.size() == 3);
    REQUIRE(s.lines[2].status == 200);
    REQUIRE(s.lines[2].bytes_out == 0);
}

TEST_CASE("a request that ends without an answer has no status, whatever was answered before it") {
    logged_server s;
    memory_client http{s.io, s.wire};
    REQUIRE(http.get("/healthz").starts_with("HTTP/1.1 200"));
    http.send_raw("POST /notes?token=s3cret HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{");
    http.close();
    s.advance(0s);
    REQUIRE(s.lines.size() == 2);
    REQUIRE(s.lines[1].status == 0);
}

TEST_CASE("a log that throws costs nobody's connection") {
    struct broken {
        void write(const access_entry&) const { throw std::runtime_error{"disk"}; }
    };
    asio::io_context io;
    memory wire;
    millrace::endpoint<memory, open_guard, prometheus_metrics, manual_clock, broken> endpoint{
        io, {}, wire};
    memory_client http{io, wire};
    REQUIRE(http.get("/healthz").starts_with("HTTP/1.1 200"));
    REQUIRE(http.get("/healthz").starts_with("HTTP/1.1 200"));
    REQUIRE(endpoint.snapshot().counters.handler_errors == 2);
}
