#include <millrace/endpoint/detail/sessions/upload.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/analyzers/count.hpp>
#include <millrace/endpoint/endpoint.hpp>
#include <millrace/operators/filter.hpp>
#include <millrace/operators/key_by.hpp>
#include <millrace/pipeline/process.hpp>
#include <millrace/pipeline/run.hpp>
#include <millrace/storage/null.hpp>
#include <millrace/testing/blocking_socket.hpp>
#include <millrace/testing/http_client.hpp>
#include <millrace/windows/tumbling.hpp>

#include "../../running.hpp"
#include "../../server.hpp"
#include "has.hpp"

using namespace millrace;

namespace {

struct note {
    std::string_view text;
};

/// One that stays in its loop.
struct unique_note {
    unique_note() = default;
    unique_note(unique_note&&) = default;
    unique_note& operator=(unique_note&&) = default;
    std::string_view text;
};

struct tap {
    int button = 0;
    timestamp time{};
};

/// Has room when it is told to.
template <class Record>
struct gated_storage : null_storage<Record> {
    using null_storage<Record>::null_storage;
    static inline bool is_open = false;
    bool has_room() const { return is_open; }
};

using gate = gated_storage<record<int, result_of<count>>>;

}  // namespace

template <>
inline constexpr auto millrace::schema<note> = millrace::fields(millrace::field{"text",
                                                                                &note::text});
template <>
inline constexpr auto millrace::schema<unique_note> = millrace::fields(millrace::field{
    "text", &unique_note::text});
template <>
inline constexpr auto millrace::schema<tap> =
    millrace::fields(millrace::field{"button", &tap::button},
                     millrace::event_time{"time", &tap::time, millrace::time_format::milliseconds});

namespace {

struct posting : server {
    explicit posting(endpoint_options options = {}) : server{std::move(options)} {
        endpoint.serve(from<note>("notes") | publish("repeated"), {.duplex_path = "/ws"});
    }
};

std::string post(std::string_view body, std::string_view lines = {},
                 std::string_view path = "/notes") {
    std::string request{"POST "};
    request.append(path).append(" HTTP/1.1\r\nHost: localhost\r\n").append(lines);
    if (lines.find("Content-Length") == lines.npos)
        request.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
    return request.append("\r\n").append(body);
}

std::size_t count_of(std::string_view text, std::string_view part) {
    std::size_t count = 0;
    for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
    return count;
}

}  // namespace

TEST_CASE("what is posted to an input comes in as over WebSocket, and is counted") {
    posting s;
    client follower{s, "/repeated"};
    memory_client poster{s.io, s.wire};
    poster.send_raw(post(R"([{"text":"a"},{"text":7},{"text":"b"}])"));
    REQUIRE(follower.next_text() == R"({"text":"a"})");
    REQUIRE(follower.next_text() == R"({"text":"b"})");
    const auto answer = poster.take_raw();
    REQUIRE(has(answer, "HTTP/1.1 200 OK"));
    REQUIRE(has(answer, "Content-Type: application/json"));
    REQUIRE(has(answer, "Connection: keep-alive"));
    REQUIRE(
        answer.ends_with("{\"accepted\":2,\"rejected\":1,\"errors\":["
                         "{\"index\":1,\"code\":\"wrong type\",\"field\":\"text\","
                         "\"offset\":22}]}\n"));
    REQUIRE(s.endpoint.snapshot().pipelines[0].stats.events == 2);
    REQUIRE(s.endpoint.snapshot().pipelines[0].stats.rejected == 1);

    // the same connection serves on
    poster.send_raw(post("{\"text\":\"c\"}\n{\"text\":\"d\"}\n", {}, "/ws"));
    REQUIRE(has(poster.take_raw(), "{\"accepted\":2,\"rejected\":0,\"errors\":[]}\n"));
    REQUIRE(has(poster.get("/healthz"), "200 OK"));
}

TEST_CASE("a body that comes in pieces, or with the next request behind it, ends where it says") {
    posting s;
    client follower{s, "/repeated"};
    const std::string both = post(R"({"text":"first"})") + post(R"({"text":"second"})") +
                             "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n";
    for (std::size_t cut = 1; cut < both.size(); cut += 7) {
        memory_client poster{s.io, s.wire};
        poster.send_raw(both.substr(0, cut));
        poster.send_raw(both.substr(cut));
        const auto answers = poster.take_raw();
        REQUIRE(count_of(answers, R"({"accepted":1,"rejected":0,"errors":[]})") == 2);
        REQUIRE(answers.ends_with("ok\n"));
        REQUIRE(follower.next_text() == R"({"text":"first"})");
        REQUIRE(follower.next_text() == R"({"text":"second"})");
    }
}

TEST_CASE("what cannot be taken is refused with the status that says why") {
    struct refused {
        std::string request;
        const char* status;
    };
    const std::string event = R"({"text":"a"})";
    const auto [request, status] = GENERATE_COPY(
        refused{"POST /notes HTTP/1.1\r\nHost: h\r\n\r\n", "411 Length Required"},
        refused{post(event, "Transfer-Encoding: chunked\r\nContent-Length: 12\r\n"), "400 "},
        refused{"POST /notes HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "411 Length Required"},
        refused{post(std::string(65, ' ')), "413 Content Too Large"},
        refused{post("", "Content-Length: 18446744073709551615\r\n"), "413 Content Too Large"},
        refused{post("", "Content-Length: 18446744073709551616\r\n"), "400 Bad Request"},
        refused{post(event, "Expect: miracles\r\n"), "417 Expectation Failed"},
        refused{post(event, "Content-Encoding: gzip\r\n"), "415 Unsupported Media Type"},
        refused{post(event, {}, "/repeated"), "405 Method Not Allowed"},
        refused{post(event, {}, "/healthz"), "405 Method Not Allowed"},
        refused{post(event, {}, "/nothing"), "404 Not Found"},
        refused{post(event, {}, "/notes?key=a&key=b"), "400 Bad Request"},
        refused{"PUT" + post(event).substr(4), "405 Method Not Allowed"},
        refused{post("{\"text\":\"\xff\"}"), "400 Bad Request"},
        refused{post("nonsense"), "400 Bad Request"}, refused{post("[{},{}]"), "400 Bad Request"});
    posting s{{.max_message_bytes = 64}};
    client neighbour{s, "/repeated"};
    memory_client poster{s.io, s.wire};
    poster.send_raw(request);
    CAPTURE(request);
    REQUIRE(poster.take_raw().starts_with(std::string{"HTTP/1.1 "} + status));
    REQUIRE(s.endpoint.snapshot().pipelines[0].stats.events == 0);
    memory_client next{s.io, s.wire};
    next.send_raw(post(event));
    REQUIRE(neighbour.next_text() == event);
}

TEST_CASE("a refusal says what the path is for, and how a body is taken") {
    posting s;
    s.endpoint.on_message("/raw", [](connection&, std::string_view) {});
    const auto answer = [&](std::string_view request) {
        memory_client asks{s.io, s.wire};
        asks.send_raw(request);
        return asks.take_raw();
    };
    const std::string get = " HTTP/1.1\r\nHost: h\r\n\r\n";
    CHECK(has(answer(post("{}", {}, "/repeated")), "a topic is followed, not sent to"));
    CHECK(has(answer(post("{}", {}, "/raw")), "messages over a WebSocket only"));
    CHECK(has(answer("PUT" + post("{}").substr(4)), "events are sent by POST"));
    CHECK(has(answer("GET /repeated" + get), R"("reason":"this path is a WebSocket's"})"));
    CHECK(has(answer("GET /notes" + get), "a WebSocket's, and takes POST, too"));
    const auto packed = answer(post("{}", "Content-Encoding: gzip\r\n"));
    CHECK(has(packed, "Accept-Encoding: identity\r\n"));
    CHECK(has(packed, "not compressed"));
    CHECK(has(answer(post(R"({"text":"a"})", "Content-Encoding: identity\r\n")), "200 OK"));
}

TEST_CASE("a client that waits for the go-ahead gets it, if its body is wanted") {
    posting s{{.max_message_bytes = 64}};
    memory_client poster{s.io, s.wire}, refused{s.io, s.wire}, old{s.io, s.wire};
    const std::string head = post("", "Expect: 100-continue\r\nContent-Length: 12\r\n");
    poster.send_raw(head);
    REQUIRE(poster.take_raw() == "HTTP/1.1 100 Continue\r\n\r\n");
    poster.send_raw(R"({"text":"a"})");
    REQUIRE(has(poster.take_raw(), R"({"accepted":1,)"));
    poster.send_raw(head);
    REQUIRE(poster.take_raw() == "HTTP/1.1 100 Continue\r\n\r\n");

    refused.send_raw(post("", "Expect: 100-continue\r\nContent-Length: 65\r\n"));
    REQUIRE(refused.take_raw().starts_with("HTTP/1.1 413"));
    old.send_raw("POST /notes HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 12\r\n\r\n");
    REQUIRE(old.take_raw().empty());
}

TEST_CASE("a body that does not come is given up, one after stop is not taken") {
    posting s{{.message_timeout = 10s}};
    memory_client slow{s.io, s.wire};
    const std::string whole = post(R"({"text":"a"})");
    slow.send_raw(whole.substr(0, whole.size() - 1));
    s.advance(9s);
    REQUIRE(slow.take_raw().empty());
    s.advance(2s);
    REQUIRE(slow.take_raw().starts_with("HTTP/1.1 408"));
    REQUIRE(s.counters().timeouts == 1);

    memory_client late{s.io, s.wire};
    late.send_raw(whole.substr(0, whole.size() - 1));
    s.endpoint.stop();
    late.send_raw("}");
    REQUIRE(late.take_raw().starts_with("HTTP/1.1 503"));
    REQUIRE(s.endpoint.snapshot().pipelines[0].stats.events == 0);
}

TEST_CASE("posts count among a connection's messages, and of errors only some are told") {
    posting s{{.max_messages_per_second = 2, .max_errors_per_message = 2}};
    memory_client poster{s.io, s.wire};
    poster.send_raw(post("[1,2,3,{\"text\":\"a\"}]"));
    const auto answer = poster.take_raw();
    REQUIRE(has(answer, R"({"accepted":1,"rejected":3,"errors":[{"index":0)"));
    REQUIRE(count_of(answer, "\"index\"") == 2);
    poster.send_raw(post(""));
    poster.send_raw(post(""));
    REQUIRE(has(poster.take_raw(), "429 Too Many Requests"));
    s.advance(1s);
    poster.send_raw(post(""));
    REQUIRE(has(poster.take_raw(), "malformed JSON"));
}

TEST_CASE("posts are taken in every loop") {
    endpoint<tcp> server{{.port = 0, .address = "127.0.0.1", .loops = 2}};
    std::uint64_t taken = 0;
    auto& pipeline = server.serve(from<note>("notes") | publish("repeated"));
    {
        const running runs{server};
        testing::blocking_socket one{"127.0.0.1", server.port(), 10s};
        testing::blocking_socket two{"127.0.0.1", server.port(), 10s};
        for (int i = 0; i != 50; ++i) {
            for (auto* each : {&one, &two}) {
                each->write(post(R"([{"text":"a"},{"text":"b"}])"), 10s);
                const auto answer = testing::read_http_response(*each, 10s);
                REQUIRE(answer.status == 200);
                REQUIRE(answer.body == "{\"accepted\":2,\"rejected\":0,\"errors\":[]}\n");
                taken += 2;
            }
        }
    }
    REQUIRE(pipeline.stats().events == taken);
}

namespace {

const auto refuse_bad = [](const auto& one) {
    if (one.text == "bad") throw 1;
    return true;
};
const std::string with_bad = R"([{"text":"a"},{},{"text":"b"},{"text":"bad"},{"text":"c"}])";

}  // namespace

TEST_CASE("where a pipeline throws, a post says how much was taken, in one loop as in several") {
    const std::size_t loops = GENERATE(std::size_t{1}, std::size_t{2});
    endpoint<tcp> server{{.port = 0, .address = "127.0.0.1", .loops = loops}};
    auto& pipeline = server.serve(from<note>("notes") | filter(refuse_bad) | publish("repeated"));
    {
        const running runs{server};
        testing::blocking_socket one{"127.0.0.1", server.port(), 10s};
        testing::blocking_socket two{"127.0.0.1", server.port(), 10s};
        for (auto* each : {&one, &two}) {
            each->write(post(with_bad) + post(R"({"text":"bad"})") + post(R"({"text":"d"})"), 10s);
            std::string answers;
            std::array<char, 4096> chunk;
            while (count_of(answers, "]}\n") != 3) {
                const auto size = each->read_some(chunk, 10s);
                REQUIRE(size.value_or(0) != 0);
                answers.append(chunk.data(), *size);
            }
            const auto failed = answers.find("HTTP/1.1 500 "),
                       again = answers.find("HTTP/1.1 500 ", 1);
            const auto good = answers.find("HTTP/1.1 200 OK");
            REQUIRE(failed == 0);
            REQUIRE(again < good);
            REQUIRE(has(answers.substr(0, again),
                        R"({"accepted":3,"rejected":1,"errors":[{"index":1,"code":"missing field",)"
                        R"("field":"text","offset":14},{"code":"handler failed"}]})"));
            REQUIRE(has(answers.substr(again, good),
                        R"({"accepted":0,"rejected":0,"errors":[{"code":"handler failed"}]})"));
            REQUIRE(has(answers.substr(good), R"({"accepted":1,"rejected":0,"errors":[]})"));
        }
    }
    REQUIRE(server.snapshot().counters.handler_errors == 4);
    REQUIRE(pipeline.stats().rejected == 2);
    REQUIRE(pipeline.stats().failed == 4);
}

TEST_CASE("likewise of events that cannot be copied") {
    server s;
    s.endpoint.serve(from<unique_note>("notes") | filter(refuse_bad));
    memory_client poster{s.io, s.wire};
    poster.send_raw(post(with_bad));
    const auto answer = poster.take_raw();
    REQUIRE(answer.starts_with("HTTP/1.1 500 "));
    REQUIRE(has(answer, R"({"accepted":3,"rejected":1,"errors":[{"index":1,)"));
    REQUIRE(answer.ends_with("{\"code\":\"handler failed\"}]}\n"));
    poster.send_raw(post(R"({"text":"d"})"));
    REQUIRE(has(poster.take_raw(), R"({"accepted":1,"rejected":0,"errors":[]})"));
    REQUIRE(s.counters().handler_errors == 1);
}

namespace {

const std::string three_taps = post(
    R"([{"button":1,"time":0},{"button":1,"time":1000},{"button":2,"time":1001}])", {}, "/taps");
constexpr std::string_view three_taken = "{\"accepted\":3,\"rejected\":0,\"errors\":[]}\n";

/// Its pipeline stands still at the second of three taps, while its storage has no room.
struct hanging : server {
    explicit hanging(endpoint_options options = {}) : server{std::move(options)} {
        gate::is_open = false;
        endpoint.serve(from<tap>("taps") | key_by(&tap::button) | window(tumbling{1s}, drop_late) |
                       process<count, gated_storage>());
    }
    [[nodiscard]] std::uint64_t taken() const {
        return endpoint.snapshot().pipelines[0].stats.events;
    }
    void go_on(std::uint64_t events) {
        gate::is_open = true;
        while (taken() != events) {
            io.restart();
            io.run_one();
        }
        run();
    }
};

}  // namespace

TEST_CASE("an answer waits until the pipeline has taken the events, and nobody else does") {
    hanging s;
    memory_client poster{s.io, s.wire}, gone{s.io, s.wire};
    poster.send_raw(three_taps);
    gone.send_raw(three_taps);
    poster.send_raw("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
    s.advance(61s);
    REQUIRE(s.taken() == 2);
    REQUIRE(poster.take_raw().empty());
    memory_client other{s.io, s.wire};
    REQUIRE(has(other.get("/healthz"), "200 OK"));
    gone.close();
    s.go_on(6);
    const auto answers = poster.take_raw();
    REQUIRE(has(answers, three_taken));
    REQUIRE(answers.ends_with("ok\n"));
    REQUIRE(s.counters().connections == 2);
    REQUIRE(s.counters().timeouts == 0);
}

TEST_CASE("an answer that does not come in time ends the connection, and the events are taken") {
    hanging s{{.pause_timeout = 10s}};
    memory_client poster{s.io, s.wire};
    poster.send_raw(three_taps);
    s.advance(9s);
    REQUIRE(!poster.is_ended());
    memory_client later{s.io, s.wire};
    later.send_raw(three_taps);
    s.advance(2s);
    REQUIRE(poster.is_ended());
    REQUIRE(poster.take_raw().empty());
    REQUIRE(s.counters().timeouts == 1);
    s.go_on(6);
    REQUIRE(has(later.take_raw(), three_taken));
}

TEST_CASE("a post that waits is answered at a stop, and ends with an endpoint that goes") {
    {
        hanging s;
        memory_client poster{s.io, s.wire};
        poster.send_raw(three_taps);
        REQUIRE(poster.take_raw().empty());
        s.endpoint.stop();
        s.run();
        const auto answer = poster.take_raw();
        REQUIRE(has(answer, three_taken));
        REQUIRE(has(answer, "Connection: close"));
        REQUIRE(s.taken() == 3);
    }
    {
        hanging s;
        memory_client drained{s.io, s.wire};
        drained.send_raw(three_taps);
        s.endpoint.drain(0s);
        s.run();
        REQUIRE(has(drained.take_raw(), three_taken));
    }
    {
        hanging s;
        memory_client ended{s.io, s.wire};
        ended.send_raw(three_taps);
        REQUIRE(ended.take_raw().empty());
    }
}
