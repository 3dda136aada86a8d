#include <millrace/endpoint/endpoint.hpp>

#include <csignal>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <asio/ip/tcp.hpp>

#include <millrace/analyzers/mean.hpp>
#include <millrace/endpoint/guards/address_guard.hpp>
#include <millrace/operators/filter.hpp>
#include <millrace/operators/key_by.hpp>
#include <millrace/operators/tee.hpp>
#include <millrace/pipeline/process.hpp>
#include <millrace/pipeline/run.hpp>
#include <millrace/pipeline/with_broadcast.hpp>
#include <millrace/storage/memory.hpp>
#include <millrace/testing/http_client.hpp>
#include <millrace/testing/websocket_client.hpp>
#include <millrace/transport/proxied.hpp>
#include <millrace/windows/tumbling.hpp>

#include "has.hpp"
#include "running.hpp"
#include "server.hpp"

using namespace millrace;
using millrace::testing::http_get;
using millrace::testing::websocket_client;

namespace {

struct reading {
    std::string_view sensor;
    double value;
    timestamp time;
};

}  // namespace

template <>
inline constexpr auto millrace::schema<reading> = millrace::fields(
    millrace::field{"sensor", &reading::sensor}, millrace::field{"value", &reading::value},
    millrace::event_time{"time", &reading::time});

namespace {

auto means(std::string input = "readings", std::string topic = "means") {
    return from<reading>(std::move(input)) | key_by(&reading::sensor) |
           window(tumbling{1s}, drop_late) | process<mean<&reading::value>, memory_storage>() |
           publish(std::move(topic));
}

std::string event(std::string_view sensor, double value, int millisecond) {
    return R"({"sensor":")" + std::string{sensor} + R"(","value":)" + std::to_string(value) +
           R"(,"time":)" + std::to_string(millisecond) + "}";
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool measures_memory = false;  // a sanitizer keeps what was freed
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool measures_memory = false;
#else
constexpr bool measures_memory = true;
#endif
#else
constexpr bool measures_memory = true;
#endif

/// Memory in use by the process.
std::size_t resident_bytes() {
    if (!measures_memory) return 0;
    std::ifstream statm{"/proc/self/statm"};
    std::size_t all = 0, resident = 0;
    statm >> all >> resident;
    return resident * 4096;
}

struct secure_memory : memory {
    static constexpr bool is_secure = true;
};

struct secret_guard {
    std::error_code admit(const http::request& r, std::string_view) const {
        if (r.query("token") == "throw") throw 1;
        return r.query("token") == "secret" ? std::error_code{} : make_error_code(errc::forbidden);
    }
};

}  // namespace

TEST_CASE("a window's records reach the topic's subscribers, all or by key") {
    server s;
    s.endpoint.serve(means(), {.duplex_path = "/ws"});
    client in{s, "/readings"}, all{s, "/means"}, one{s, "/means?key=b"}, both{s, "/ws?key=a"};
    in.send_text(event("a", 1, 0) + "\n" + event("b", 5, 100) + "\n" + event("a", 3, 200));
    REQUIRE(!all.next());
    in.send_text("[" + event("b", 0, 1000) + "]");
    std::map<char, std::string> records;
    for (int i = 0; i < 2; ++i) {
        const auto text = all.next_text();
        records[has(text, R"("sensor":"a")") ? 'a' : 'b'] = text;
    }
    REQUIRE(has(records['a'], R"("mean":2)"));
    REQUIRE(has(records['b'], R"("mean":5)"));
    REQUIRE(one.next_text() == records['b']);
    REQUIRE(!one.next());
    REQUIRE(both.next_text() == records['a']);
    REQUIRE(!both.next());
}

TEST_CASE("records by a key of several parts are followed and looked up by all of them") {
    server s;
    s.endpoint.serve(
        from<reading>("readings") |
        key_by(&reading::sensor, key_part{"sign", [](const reading& r) { return r.value < 0; }}) |
        window(tumbling{1s}, drop_late) | process<mean<&reading::value>, memory_storage>() |
        publish("means"));
    client in{s, "/readings"}, one{s, "/means?key=a~1b/true"};
    in.send_text(event("a/b", -1, 0) + "\n" + event("a/b", 5, 1) + "\n" + event("a", -3, 2) + "\n" +
                 event("a", 0, 1000));
    const auto record = one.next_text();
    REQUIRE(has(record, R"("sensor":"a/b","sign":true,)"));
    REQUIRE(has(record, R"("mean":-1)"));
    REQUIRE(!one.next());
    REQUIRE_FALSE(memory_client{s.io, s.wire}.upgrade("/means?key=a~1b"));

    memory_client http{s.io, s.wire};
    REQUIRE(has(http.get("/api/topics"), R"("key":"sensor/sign")"));
    const auto body = [&](const std::string& query) {
        const auto answer = http.get("/api/topics/means" + query);
        return answer.substr(answer.find("\r\n\r\n") + 4);
    };
    REQUIRE(body("?key=a~1b/true") == "[" + record + "]");
    REQUIRE(body("?key=a%7E1b%2Ftrue") == "[" + record + "]");
    REQUIRE(has(body("?key=a/true"), R"("mean":-3)"));
    REQUIRE(has(body("?key=a~1b"), R"("parameter":"key")"));
    REQUIRE(has(body("?key=a/maybe"), R"("parameter":"key")"));
}

TEST_CASE("a duplex path streams the topics that are named") {
    server s;
    const auto two_topics = [](std::string input) {
        return from<reading>(std::move(input)) | tee(publish("all")) |
               filter([](const reading& r) { return r.value > 1; }) | publish("large");
    };
    const auto refused = [&](const serve_options& options) {
        REQUIRE_THROWS_AS(s.endpoint.serve(two_topics("refused"), options), std::invalid_argument);
    };
    refused({.duplex_path = "/ws", .duplex_topics = {"large", "small"}});
    refused({.duplex_topics = {"large"}});
    s.endpoint.serve(two_topics("readings"), {.duplex_path = "/ws", .duplex_topics = {"large"}});
    client both{s, "/ws"}, all{s, "/all"};
    both.send_text("[" + event("a", 1, 0) + "," + event("a", 2, 0) + "]");
    REQUIRE(has(both.next_text(), R"("value":2)"));
    REQUIRE(!both.next());
    REQUIRE(has(all.next_text(), R"("value":1)"));
    REQUIRE(has(all.next_text(), R"("value":2)"));
}

TEST_CASE("a bad event is refused with its index, its neighbours are served") {
    server s;
    auto& pipeline = s.endpoint.serve(means());
    client in{s, "/readings"};
    in.send_text("[" + event("a", 1, 0) + R"(,{"sensor":"a","time":0},)" + event("a", 2, 1) + "]");
    const auto reply = in.next_text();
    REQUIRE(has(reply, R"({"error":{"index":1,"code":"missing field","field":"value","offset":)"));
    REQUIRE(pipeline.stats().events == 2);
    REQUIRE(pipeline.stats().rejected == 1);
    in.send_text("no JSON");
    REQUIRE(has(in.next_text(), R"("code":"malformed JSON")"));
}

TEST_CASE("the endpoint tells pipelines the time, so that the last window closes") {
    server s;
    s.endpoint.serve(means());
    client in{s, "/readings"}, out{s, "/means"};
    s.advance(1s);
    in.send_text(event("a", 1, 0));
    s.advance(1s);
    REQUIRE(!out.next());
    s.advance(20s);
    s.advance(20s);
    auto message = out.next();
    while (message && message->op == opcode::ping) message = out.next();
    REQUIRE(message);
    REQUIRE(has(message->payload, R"("trigger":"idle")"));
}

TEST_CASE("the host may push into a pipeline that is served") {
    server s;
    auto& pipeline = s.endpoint.serve(means());
    client out{s, "/means"};
    pipeline.push({"a", 1, timestamp{}});
    pipeline.push({"a", 1, timestamp{5s}});
    REQUIRE(has(out.next_text(), R"("sensor":"a")"));
}

TEST_CASE("pipelines share an endpoint as long as their paths differ") {
    server s;
    s.endpoint.serve(means("a", "a-means"));
    s.endpoint.serve(means("b", "b-means"), {.duplex_path = "/b/ws"});
    const auto taken = [&](auto&& call) {
        std::string text;
        try {
            call();
        } catch (const std::invalid_argument& e) {
            text = e.what();
        }
        return text;
    };
    REQUIRE(taken([&] { s.endpoint.serve(means("a", "new")); }) ==
            "millrace: the path \"/a\" is taken already");
    REQUIRE(has(taken([&] { s.endpoint.serve(means("new", "b-means")); }), "\"/b-means\""));
    REQUIRE(has(taken([&] { s.endpoint.serve(means("same", "same")); }), "\"/same\""));
    REQUIRE(has(taken([&] { s.endpoint.serve(means("c", "d"), {.duplex_path = "/b/ws"}); }),
                "\"/b/ws\""));
    REQUIRE(has(taken([&] { s.endpoint.serve(means("healthz", "d")); }), "\"/healthz\""));
    REQUIRE(has(taken([&] { s.endpoint.serve(means("/in", "d")); }), "without its slash"));
    REQUIRE(has(taken([&] { s.endpoint.serve(means("c", "/d")); }), "without its slash"));
    for (const auto* name : {"a b", "a?b", "a#b", "a%b", "a\n", ".."}) {
        REQUIRE(has(taken([&] { s.endpoint.serve(means(name, "d")); }), "makes no path"));
        REQUIRE(has(taken([&] { s.endpoint.add_topic(name); }), "makes no path"));
    }
    for (const auto* path : {"ws", "/a b", "/.."})
        REQUIRE(has(taken([&] { s.endpoint.serve(means("c", "d"), {.duplex_path = path}); }),
                    "\"" + std::string{path} + "\""));
    const auto ignore = [](connection&, std::string_view) {};
    REQUIRE(has(taken([&] { s.endpoint.on_message("/a?b", ignore); }), "no request has the path"));
    REQUIRE(has(taken([&] { s.endpoint.on_message("/a", ignore); }), "\"/a\""));
    REQUIRE(has(taken([&] { s.endpoint.on_message("/api/topics/x", ignore); }), "taken"));
    REQUIRE(has(taken([&] { s.endpoint.on_message("raw", ignore); }), "slash"));
    s.endpoint.files("/", ".");
    REQUIRE(has(taken([&] { s.endpoint.files("x", "."); }), "\"x\""));
    REQUIRE(has(taken([&] { s.endpoint.files("/", "."); }), "\"/\""));

    // What was refused has left nothing behind.
    REQUIRE(s.endpoint.snapshot().pipelines.size() == 2);
    s.endpoint.serve(means("new", "same"));
}

namespace {

/// Tells that it was given a log, and cannot make anything durable.
template <class Record>
struct full_storage : memory_storage<Record> {
    using memory_storage<Record>::memory_storage;
    void log_to(const log_hook& log) {
        log({log_severity::info, log_event::storage_recovered, 0, "it has a log"});
    }
    std::error_code flush() { return errc::storage_full; }
};

}  // namespace

namespace {

/// Means of what two inputs send.
auto means_of_two(const char* first = "left", const char* second = "right") {
    return union_of(from<reading>(first, idle_timeout{1s}),
                    from<reading>(second, idle_timeout{1s}, codec_limits{.max_events = 2})) |
           key_by(&reading::sensor) | window(tumbling{1s}, drop_late) |
           process<mean<&reading::value>>() | publish("means");
}

}  // namespace

TEST_CASE("each input of a pipeline has a path of its own, and its own answers") {
    server s;
    auto& pipeline = s.endpoint.serve(means_of_two());
    client left{s, "/left"}, right{s, "/right"}, out{s, "/means"};
    left.send_text(event("a", 1, 0));
    left.send_text(event("a", 1, 1500));
    REQUIRE(!out.next());  // the other may still send
    right.send_text("[" + event("a", 4, 900) + R"(,{"sensor":"a"},)" + event("a", 9, 950) + "]");
    REQUIRE(has(right.next_text(), R"({"error":{"index":1,"code":"missing field")"));
    REQUIRE(!left.next());
    right.send_text(event("b", 2, 1600));
    const auto record = out.next_text();
    REQUIRE(has(record, R"("sensor":"a")"));
    REQUIRE(has(record, R"("trigger":"watermark")"));
    REQUIRE(pipeline.source<0>().events() == 2);
    REQUIRE(pipeline.source<0>().rejected() == 0);
    REQUIRE(pipeline.source<1>().rejected() >= 1);

    memory_client http{s.io, s.wire};
    const auto posted = event("b", 3, 1700);
    http.send_raw("POST /right HTTP/1.1\r\nHost: h\r\nContent-Length: " +
                  std::to_string(posted.size()) + "\r\n\r\n" + posted);
    REQUIRE(has(http.take_raw(), R"({"accepted":1,"rejected":0)"));
    REQUIRE(has(http.get("/"), R"("inputs":[{"name":"left","paths":["/left"]},)"
                               R"({"name":"right","paths":["/right"]}])"));
    REQUIRE(has(http.get("/metrics"), R"(millrace_windows_open{pipeline="left+right"} 2)"));
}

TEST_CASE("rules that come by a path of their own hold for what comes behind them") {
    server s;
    const auto is_above = [](auto& ctx, const reading& one) {
        if (one.value > ctx.broadcast()) ctx.emit(one);
    };
    auto& pipeline = s.endpoint.serve(
        from<reading>("readings") | key_by(&reading::sensor) |
        with_broadcast<double>(
            from<reading>("limits"), [](double& limit, const reading& one) { limit = one.value; },
            is_above) |
        window(tumbling{1s}, drop_late) | process<mean<&reading::value>>() | publish("means"));
    client readings{s, "/readings"}, limits{s, "/limits"}, out{s, "/means"};
    readings.send_text("[" + event("a", 4, 0) + "," + event("a", 1, 100) + "]");
    limits.send_text(event("any", 3, 5));
    readings.send_text("[" + event("a", 2, 200) + "," + event("a", 8, 900) + "]");
    readings.send_text(event("b", 2, 1500));  // left out, but time goes on
    const auto record = out.next_text();
    REQUIRE(has(record, R"("sensor":"a")"));
    REQUIRE(has(record, R"("mean":4.33)"));
    limits.send_text(R"({"sensor":"any"})");
    REQUIRE(has(limits.next_text(), R"("code":"missing field")"));
    REQUIRE(pipeline.source<1>().events() == 1);

    memory_client http{s.io, s.wire};
    REQUIRE(has(http.get("/"), R"({"name":"limits","paths":["/limits"]})"));
    REQUIRE(has(
        http.get("/metrics"),
        R"(millrace_stage_events_out_total{pipeline="readings+limits",stage="4_with_broadcast"} 3)"));
    REQUIRE(has(http.get("/api/topology"), R"("name":"with_broadcast")"));
}

TEST_CASE("an input that is idle holds the others of its pipeline up no more") {
    server s;
    s.endpoint.serve(means_of_two());
    client left{s, "/left"}, out{s, "/means"};
    left.send_text(event("a", 1, 0));
    for (int i = 0; i < 5; ++i) {
        s.advance(500ms);
        left.send_text(event("a", 1, 1500));
    }
    REQUIRE(has(out.next_text(), R"("trigger":"watermark")"));
    REQUIRE(!out.next());
}

TEST_CASE("a pipeline of several inputs takes free paths only, and no duplex path") {
    server s;
    REQUIRE_THROWS_AS(s.endpoint.serve(means_of_two(), {.duplex_path = "/ws"}),
                      std::invalid_argument);
    REQUIRE_THROWS_AS(s.endpoint.serve(means_of_two("left", "means")), std::invalid_argument);
    REQUIRE_THROWS_AS(s.endpoint.serve(means_of_two("left", "left")), std::invalid_argument);
    REQUIRE_NOTHROW(s.endpoint.serve(means_of_two()));
    REQUIRE_THROWS_AS(s.endpoint.serve(means("right", "others")), std::invalid_argument);
}

TEST_CASE("a storage tells the endpoint's log, and so does an end that leaves rows undone") {
    std::vector<std::string> failures, others;
    server s{{.log = [&](const log_entry& entry) {
        auto& to = entry.what == log_event::storage_failed ? failures : others;
        to.emplace_back(entry.message);
    }}};
    s.endpoint.serve(from<reading>("readings") | key_by(&reading::sensor) |
                     window(tumbling{1s}, drop_late) |
                     process<mean<&reading::value>, full_storage>() | publish("means"));
    REQUIRE(std::count(others.begin(), others.end(), "it has a log") == 1);
    s.endpoint.stop();
    s.run();
    REQUIRE(failures ==
            std::vector<std::string>{
                "pipeline readings: not all rows are durable at the end: storage full"});
}

TEST_CASE("each pipeline has series of its own, also those without a name") {
    server s;
    s.endpoint.serve(means("", "first"));
    s.endpoint.serve(means("unnamed-2", "second"));
    s.endpoint.serve(means("", "third"), {.duplex_path = "/ws"});
    s.endpoint.serve(means("", "fourth"), {.duplex_path = "/ws2"});
    memory_client http{s.io, s.wire};
    const auto metrics = http.get("/metrics");
    for (const auto* name : {"unnamed", "unnamed-2", "unnamed-3", "unnamed-4"}) {
        const auto series = "millrace_keys{pipeline=\"" + std::string{name} + "\"}";
        CAPTURE(metrics, series);
        REQUIRE(has(metrics, series));
        REQUIRE(metrics.find(series) == metrics.rfind(series));
    }
}

TEST_CASE("what the pipelines are made of is served over HTTP") {
    server s;
    s.endpoint.serve(means());
    s.endpoint.serve(means("", "second"), {.duplex_path = "/ws"});
    memory_client http{s.io, s.wire};
    const auto body = [&](const std::string& query) {
        const auto answer = http.get("/api/topology" + query);
        CAPTURE(answer);
        REQUIRE(answer.starts_with("HTTP/1.1 200 OK\r\n"));
        return answer.substr(answer.find("\r\n\r\n") + 4);
    };
    const topology first = describe(means()), second = describe(means("", "second"));
    CHECK(body("") == R"([{"pipeline":"readings",)" + first.json().substr(1) +
                          R"(,{"pipeline":"unnamed",)" + second.json().substr(1) + "]\n");
    CHECK(body("?format=json&pipeline=unnamed") ==
          R"([{"pipeline":"unnamed",)" + second.json().substr(1) + "]\n");
    CHECK(body("?format=text&pipeline=readings") == "pipeline readings\n" + first.text());
    CHECK(has(body("?format=mermaid"), "    p2s2 -->|\"reading by sensor\"| p2s3\n"));

    CHECK(has(http.get("/api/topology?pipeline=other"), "HTTP/1.1 404"));
    const auto bad = http.get("/api/topology?format=xml");
    CHECK(has(bad, "HTTP/1.1 400"));
    CHECK(has(bad, R"("parameter":"format")"));
    CHECK(has(http.get("/api/topology?format=text&format=json"), "HTTP/1.1 400"));
    CHECK(has(http.get("/api/topology/"), "HTTP/1.1 404"));
    CHECK(has(http.get("/api/topology", "X-Forwarded-For: 192.0.2.7\r\n"), "403 Forbidden"));
}

TEST_CASE("health, metrics, topics and history are served over HTTP") {
    server s;
    s.endpoint.serve(means());
    client in{s, "/readings"};
    in.send_text(event("a", 1, 500) + "\n" + event("b", 2, 900) + "\n" + event("a", 3, 1700) +
                 "\n" + event("a", 4, 2500) + "\n" + R"({"bad":1})");
    memory_client http{s.io, s.wire};
    const auto health = http.get("/healthz");
    REQUIRE(health.starts_with("HTTP/1.1 200 OK\r\n"));
    REQUIRE(health.ends_with("\r\n\r\nok\n"));

    const auto metrics = http.get("/metrics");
    REQUIRE(has(metrics, "millrace_events_total{pipeline=\"readings\"} 4\n"));
    REQUIRE(has(metrics, "millrace_events_rejected_total{pipeline=\"readings\"} 1\n"));
    REQUIRE(has(metrics, "millrace_records_total{topic=\"means\"} 3\n"));
    REQUIRE(has(metrics, "millrace_storage_appended_total{topic=\"means\"} 3\n"));
    REQUIRE(has(metrics, "millrace_watermark_seconds{pipeline=\"readings\"} 2.5\n"));
    const auto of_stage = [&](const std::string& name, std::string_view stage, const char* value) {
        return has(metrics, "millrace_stage_" + name + "{pipeline=\"readings\",stage=\"" +
                                std::string{stage} + "\"} " + value + "\n");
    };
    REQUIRE(of_stage("events_in_total", "1_from", "5"));
    REQUIRE(of_stage("events_refused_total", "1_from", "1"));
    REQUIRE(of_stage("events_in_total", "4_process", "4"));
    REQUIRE(of_stage("events_out_total", "4_process", "3"));
    REQUIRE(of_stage("keys", "4_process", "1"));
    REQUIRE(of_stage("watermark_lag_seconds", "5_publish", "86397.5"));
    REQUIRE(has(http.get("/api/topics"), R"({"name":"means","path":"/means","key":"sensor")"));

    const auto count = [&](const std::string& query) {
        const auto answer = http.get("/api/topics/means" + query);
        REQUIRE(answer.starts_with("HTTP/1.1 200 OK\r\n"));
        std::size_t found = 0;
        for (auto at = answer.find("\"sensor\""); at != std::string::npos;
             at = answer.find("\"sensor\"", at + 1))
            ++found;
        return found;
    };
    REQUIRE(count("") == 3);
    REQUIRE(count("?key=a") == 2);
    REQUIRE(count("?from=1970-01-01T00:00:01Z") == 1);
    REQUIRE(count("?to=1000") == 2);
    REQUIRE(count("?limit=1") == 1);
    REQUIRE(count("?key=none") == 0);
    REQUIRE(has(http.get("/api/topics/means?from=x"), "\"parameter\":\"from\""));
    REQUIRE(http.get("/api/topics/none").starts_with("HTTP/1.1 404"));
}

TEST_CASE("HTTP connections are kept, pipelined requests answered in order, HEAD without a body") {
    server s;
    memory_client http{s.io, s.wire};
    http.send_raw(
        "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nHEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
        "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n"
        "Connection: close\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    const auto answers = http.take_raw();
    std::vector<std::string> starts;
    for (auto at = answers.find("HTTP/1.1 "); at != std::string::npos;
         at = answers.find("HTTP/1.1 ", at + 1))
        starts.push_back(answers.substr(at + 9, 3));
    REQUIRE(starts == std::vector<std::string>{"200", "200", "404", "200"});
    REQUIRE(has(answers, "Content-Length: 3\r\n"));
    REQUIRE(has(answers, "\r\n\r\nHTTP/1.1 404"));
    REQUIRE(answers.ends_with("Connection: close\r\n\r\nok\n"));
    REQUIRE(http.is_ended());
}

TEST_CASE("what is no proper request is refused") {
    struct wrong {
        std::string bytes;
        std::string status;
    };
    const wrong sent = GENERATE(values<wrong>({
        {"NONSENSE\r\n\r\n", "400"},
        {"GET / HTTP/1.1\r\n\r\n", "400"},
        {std::string("GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n", 28), "400"},
        {"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", "411"},
        {"GET / HTTP/1.1\r\nHost: x\r\nX: " + std::string(9000, 'x'), "431"},
        {"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", "405"},
        {"POST /raw HTTP/1.1\r\nHost: x\r\n\r\n", "405"},
        {"GET /raw HTTP/1.1\r\nHost: x\r\n\r\n", "426"},
        {"GET /raw HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
         "Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
         "426"},
        {"GET /raw HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n\r\n",
         "400"},
    }));
    CAPTURE(sent.bytes.substr(0, 60));
    server s{{.extra_headers = {{"X-Site", "a"}}}};
    s.endpoint.on_message("/raw", [](connection&, std::string_view) {});
    memory_client http{s.io, s.wire};
    http.send_raw(sent.bytes);
    const auto answer = http.take_raw();
    REQUIRE(answer.starts_with("HTTP/1.1 " + sent.status));
    REQUIRE(answer.find("\r\nX-Site: a\r\n") != std::string::npos);
    REQUIRE(answer.find(R"({"error":{"code":)") != std::string::npos);
}

TEST_CASE("an upgrade on a path that is none is 404") {
    server s;
    memory_client c{s.io, s.wire};
    REQUIRE(!c.upgrade("/nowhere"));
    REQUIRE(c.take_raw().starts_with("HTTP/1.1 404"));
}

TEST_CASE("a handshake that dawdles is ended, at any pace") {
    server s{{.handshake_timeout = 5s}};
    SECTION("silent") {
        memory_client c{s.io, s.wire};
        s.advance(4s);
        REQUIRE(!c.is_ended());
        s.advance(1s);
        REQUIRE(c.take_raw().starts_with("HTTP/1.1 408"));
        REQUIRE(c.is_ended());
    }
    SECTION("a byte at a time") {
        memory_client c{s.io, s.wire};
        for (int second = 0; second < 6; ++second) {
            c.send_raw("G");
            s.advance(1s);
        }
        REQUIRE(c.is_ended());
    }
    SECTION("after a first request") {
        memory_client c{s.io, s.wire};
        REQUIRE(has(c.get("/healthz"), "200 OK"));
        s.advance(30s);
        REQUIRE(!c.is_ended());
        c.send_raw("GET");
        s.advance(5s);
        REQUIRE(c.is_ended());
    }
    SECTION("idle between requests") {
        memory_client c{s.io, s.wire};
        REQUIRE(has(c.get("/healthz"), "200 OK"));
        s.advance(60s);
        REQUIRE(c.is_ended());
        REQUIRE(c.take_raw().empty());
        REQUIRE(s.counters().timeouts == 0);
    }
}

TEST_CASE("connections beyond the limit are told so, and many more are dropped") {
    server s{{.max_connections = 2}};
    memory_client a{s.io, s.wire}, b{s.io, s.wire};
    {
        memory_client c{s.io, s.wire};
        REQUIRE(has(c.get("/metrics"), "HTTP/1.1 503"));
        REQUIRE(c.is_ended());
        std::vector<std::unique_ptr<memory_client>> flood;
        for (int i = 0; i < 200; ++i)
            flood.push_back(std::make_unique<memory_client>(s.io, s.wire));
        REQUIRE(flood.back()->is_ended());
        REQUIRE(s.counters().connections < 100);
        REQUIRE(s.counters().refused == 201);
        for (auto& each : flood) each->close();
        c.close();
    }
    REQUIRE(has(a.get("/healthz"), "200 OK"));
    b.close();
    memory_client d{s.io, s.wire};
    REQUIRE(has(d.get("/healthz"), "200 OK"));
}

TEST_CASE("a guard refuses before the upgrade, and one that throws is not fatal") {
    asio::io_context io;
    memory wire;
    endpoint<memory, secret_guard> guarded{io, {}, wire};
    guarded.on_message("/raw", [](connection&, std::string_view) {});
    memory_client c{io, wire};
    REQUIRE(has(c.get("/metrics"), "403 Forbidden"));
    REQUIRE(has(c.get("/metrics?token=throw"), "500 "));
    REQUIRE(has(c.get("/metrics?token=secret"), "200 OK"));
    REQUIRE(has(c.get("/healthz"), "200 OK"));
    memory_client d{io, wire};
    REQUIRE(!d.upgrade("/raw"));
    memory_client e{io, wire};
    REQUIRE(e.upgrade("/raw?token=secret"));
}

TEST_CASE("null metrics answer nothing") {
    asio::io_context io;
    memory wire;
    endpoint<memory, open_guard, null_metrics> quiet{io, {}, wire};
    memory_client c{io, wire};
    REQUIRE(has(c.get("/metrics"), "404"));
}

TEST_CASE("accept errors pause and pass") {
    server s;
    s.wire.fail_accept(std::make_error_code(std::errc::too_many_files_open));
    memory_client c{s.io, s.wire};
    c.send_raw("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    REQUIRE(c.take_raw().empty());
    REQUIRE(s.counters().accept_errors == 1);
    s.advance(250ms);
    REQUIRE(has(c.take_raw(), "200 OK"));
}

TEST_CASE("stop says goodbye, waits for those who answer, not for ever for those who do not") {
    server s{{.close_timeout = 5s, .stop_timeout = 3s}};
    s.endpoint.serve(means());
    client polite{s, "/means"}, rude{s, "/readings"};
    memory_client idle{s.io, s.wire}, halfway{s.io, s.wire};
    halfway.send_raw("GET /heal");
    rude.send_text(event("a", 1, 0));
    s.endpoint.stop();
    s.run();
    REQUIRE(has(polite.next_text(), R"("trigger":"stop")"));
    REQUIRE(code_of_close(polite) == close_code::going_away);
    REQUIRE(code_of_close(rude) == close_code::going_away);
    REQUIRE(idle.is_ended());
    REQUIRE(halfway.is_ended());
    polite.send_close(close_code::going_away);
    REQUIRE(s.counters().connections == 1);
    REQUIRE(!s.wire.connect().is_open());
    s.advance(3s);
    REQUIRE(s.counters().connections == 0);
    s.io.restart();
    s.io.run();  // returns: nothing is left to wait for
}

TEST_CASE("drain sends clients away one after another, with 1012, and then stops") {
    server s{{.stop_timeout = 3s, .tick_interval = 250ms}};
    s.endpoint.serve(means());
    std::vector<std::unique_ptr<client>> clients;
    for (int i = 0; i < 100; ++i) clients.push_back(std::make_unique<client>(s, "/means"));
    memory_client probe{s.io, s.wire};
    REQUIRE(has(probe.get("/readyz"), "200 OK"));

    s.endpoint.drain(10s);
    s.run();
    REQUIRE(!s.wire.connect().is_open());
    REQUIRE(has(probe.get("/readyz"), "503"));
    REQUIRE(has(probe.get("/healthz"), "200 OK"));
    REQUIRE(!probe.upgrade("/means"));

    std::size_t left = clients.size();
    for (int second = 1; second <= 10; ++second) {
        s.advance(1s);
        std::erase_if(clients, [](auto& each) {
            const auto code = code_of_close(*each);
            if (code == close_code::abnormal) return false;
            REQUIRE(code == close_code::service_restart);
            each->send_close(code);
            return true;
        });
        REQUIRE(left - clients.size() >= 5);  // ten of a hundred a second, and not in a rush
        REQUIRE(left - clients.size() <= 15);
        left = clients.size();
    }
    REQUIRE(left == 0);
    s.io.restart();
    s.io.run();  // returns: it has stopped
}

TEST_CASE("drain with nobody there is stop, and stop cuts a drain short") {
    server s;
    s.endpoint.drain(1h);
    s.io.run();
    server t;
    t.endpoint.serve(means());
    client c{t, "/means"};
    t.endpoint.drain(1h);
    t.endpoint.stop();
    REQUIRE(code_of_close(c) == close_code::service_restart);
}

TEST_CASE("a topic may treat its slow followers in its own way") {
    server s{{.outbox_bytes = 2000}};
    REQUIRE_THROWS_AS(
        s.endpoint.serve(means("a", "b"), {.when_full = {{"bars", overflow_policy::disconnect}}}),
        std::invalid_argument);
    s.endpoint.serve(means(), {.when_full = {{"means", overflow_policy::disconnect}}});
    client slow{s, "/means", {.capacity_bytes = 100}}, sender{s, "/readings"};
    slow.stall();
    for (int i = 0; i < 50; ++i) sender.send_text(event("a", i, i * 1000));
    slow.stall(false);
    REQUIRE(code_of_close(slow) == close_code::try_again_later);
    REQUIRE(s.counters().slow_disconnects == 1);
}

TEST_CASE("handlers see the client's address that a trusted proxy names") {
    struct who {
        void operator()(connection& from, std::string_view) { from.send(from.remote_address()); }
    };
    asio::io_context io;
    endpoint<tcp> s{io, {.port = 0, .address = "127.0.0.1", .trusted_proxies = {"127.0.0.1"}}};
    s.on_message("/who", who{});
    std::thread serving{[&] { io.run(); }};
    {
        websocket_client direct{"127.0.0.1", s.port(), "/who"};
        direct.send_text("?");
        REQUIRE(direct.receive()->payload == "127.0.0.1");
        websocket_client behind{"127.0.0.1", s.port(), "/who",
                                "X-Forwarded-For: 6.6.6.6, 198.51.100.7\r\n"};
        behind.send_text("?");
        REQUIRE(behind.receive()->payload == "198.51.100.7");
    }
    s.stop();
    serving.join();
}

TEST_CASE("on a proxy's connection that is kept, each request is its own client's") {
    struct who {
        void operator()(connection& from, std::string_view) { from.send(from.remote_address()); }
    };
    asio::io_context io;
    memory wire;
    endpoint<memory, address_guard> s{
        io, {.trusted_proxies = {"10.0.0.1"}}, wire, address_guard{{.deny = {"203.0.113.66"}}}};
    s.on_message("/who", who{});
    constexpr auto good = "X-Forwarded-For: 198.51.100.7\r\n",
                   denied = "X-Forwarded-For: 203.0.113.66\r\n";
    memory_client proxy{io, wire, {.remote_address = "10.0.0.1"}};
    REQUIRE(has(proxy.get("/api/topics", good), "200 OK"));
    REQUIRE(has(proxy.get("/api/topics", denied), "403 Forbidden"));
    REQUIRE(has(proxy.get("/api/topics", good), "200 OK"));
    REQUIRE(!proxy.upgrade("/who", denied));
    REQUIRE(has(proxy.take_raw(), "403 Forbidden"));
    memory_client again{io, wire, {.remote_address = "10.0.0.1"}};
    REQUIRE(has(again.get("/api/topics", denied), "403 Forbidden"));
    REQUIRE(again.upgrade("/who", "X-Forwarded-For: [2001:DB8::7]:4711\r\n"));
    again.send_text("?");
    REQUIRE(again.next_text() == "2001:db8::7");
}

TEST_CASE("an endpoint without a guard refuses the pages of other sites") {
    asio::io_context io;
    memory wire;
    endpoint<memory> s{io, {.trusted_proxies = {"10.0.0.1"}}, wire};
    s.on_message("/raw", [](connection&, std::string_view) {});
    const auto upgrades = [&](const std::string& lines, std::string peer = "memory") {
        memory_client c{io, wire, {.remote_address = std::move(peer)}};
        return c.upgrade("/raw", lines);
    };
    REQUIRE(upgrades(""));
    REQUIRE(upgrades("Origin: http://memory\r\n"));
    for (const auto* origin : {"http://evil.example", "https://memory", "x://memory", "null",
                               "chrome-extension://memory", "http://memory:8080"})
        REQUIRE(!upgrades("Origin: " + std::string{origin} + "\r\n"));
    memory_client page{io, wire};
    REQUIRE(has(page.get("/metrics", "Origin: http://evil.example\r\n"), "403 Forbidden"));
    REQUIRE(has(page.get("/metrics"), "200 OK"));

    const std::string by_tls = "X-Forwarded-Proto: https\r\nOrigin: https://memory\r\n";
    REQUIRE(upgrades(by_tls, "10.0.0.1"));
    REQUIRE(!upgrades(by_tls));  // not by a proxy that is trusted
    REQUIRE(!upgrades("X-Forwarded-Proto: https\r\nOrigin: http://memory\r\n", "10.0.0.1"));

    endpoint<memory, open_guard> open{io, {}, wire};
    open.on_message("/raw", [](connection&, std::string_view) {});
    REQUIRE(upgrades("Origin: http://evil.example\r\n"));
}

TEST_CASE("over a transport that encrypts, the server's own origin is an https one") {
    asio::io_context io;
    secure_memory wire;
    endpoint<secure_memory> s{io, {}, wire};
    s.on_message("/raw", [](connection&, std::string_view) {});
    memory_client c{io, wire}, d{io, wire};
    REQUIRE(!c.upgrade("/raw", "Origin: http://memory\r\n"));
    REQUIRE(d.upgrade("/raw", "Origin: https://memory\r\n"));
}

TEST_CASE("a client behind the PROXY protocol counts once its address is known") {
    asio::io_context io;
    memory below;
    proxied<memory> wire{{.trusted = {"10.0.0.1"}}, below};
    endpoint<proxied<memory>> s{io, {.max_connections_per_address = 2}, wire};
    std::vector<std::unique_ptr<memory_client>> all;
    const auto connect = [&](const char* address) -> memory_client& {
        all.push_back(std::make_unique<memory_client>(
            io, below, memory_stream_options{.remote_address = "10.0.0.1"}));
        if (address != nullptr)
            all.back()->send_raw("PROXY TCP4 " + std::string{address} + " 10.0.0.9 5 80\r\n");
        return *all.back();
    };
    for (int i = 0; i != 20; ++i) connect(nullptr);
    for (int i = 0; i != 2; ++i) REQUIRE(has(connect("192.0.2.1").get("/api/topics"), "200 OK"));
    REQUIRE(has(connect("192.0.2.1").get("/api/topics"), "429 "));
    for (int i = 0; i != 100; ++i) connect("192.0.2.1");
    REQUIRE(all.back()->is_ended());
    REQUIRE(s.snapshot().counters.connections == 20 + 2 + 8);
    REQUIRE(has(connect("192.0.2.2").get("/api/topics"), "200 OK"));
}

TEST_CASE("by default only this machine reaches an endpoint, and the log says how to open it") {
    asio::io_context io;
    std::string told;
    const auto log = [&](const log_entry& entry) { told.append(entry.message).append("\n"); };
    endpoint<tcp> s{io, {.port = 0, .log = log}};
    REQUIRE(has(told, "127.0.0.1"));
    REQUIRE(has(told, "only this machine"));
    REQUIRE(has(told, "address = \"\""));
    asio::ip::tcp::socket socket{io};
    std::error_code error;
    socket.connect({asio::ip::make_address("127.0.0.2"), s.port()}, error);
    REQUIRE(error == asio::error::connection_refused);

    told.clear();
    endpoint<tcp> open{io, {.port = 0, .address = "", .log = log}};
    REQUIRE(!has(told, "only this machine"));
    asio::ip::tcp::socket other{io};
    other.connect({asio::ip::make_address("127.0.0.2"), open.port()});
}

TEST_CASE("an endpoint may go while its io_context lives on") {
    asio::io_context io;
    memory wire;
    auto s = std::make_unique<memory_endpoint>(io, endpoint_options{}, wire);
    s->serve(means());
    memory_client c{io, wire}, unfinished{io, wire};
    REQUIRE(c.upgrade("/means"));
    unfinished.send_raw("GET");
    int posted = 0;
    s->post([&] { ++posted; });
    s->stop();
    s.reset();
    c.run();
    REQUIRE(c.is_ended());
    REQUIRE(posted == 0);
    memory_endpoint next{io, {}, wire};
    memory_client d{io, wire};
    REQUIRE(has(d.get("/healthz"), "200 OK"));
}

TEST_CASE("over TCP: events in, records out, the same connection, until stop") {
    endpoint<tcp> s{{.port = 0, .address = "127.0.0.1", .handle_signals = false}};
    s.serve(means(), {.duplex_path = "/ws"});
    running thread{s};
    websocket_client c{"127.0.0.1", s.port(), "/ws"};
    c.send_text(event("a", 1, 0));
    c.send_text("garbage");
    REQUIRE(has(c.receive()->payload, R"({"error":{"index":0,"code":"malformed JSON")"));
    c.send_text(event("a", 1, 1000));
    REQUIRE(has(c.receive()->payload, R"("sensor":"a")"));
    REQUIRE(http_get("127.0.0.1", s.port(), "/healthz").body == "ok\n");

    s.stop();
    REQUIRE(has(c.receive()->payload, R"("trigger":"stop")"));
    const auto bye = c.receive();
    REQUIRE(bye->op == opcode::close);
    REQUIRE(bye->code == close_code::going_away);
    thread.join();
}

TEST_CASE("over TCP: several inputs, on one loop and on two, give the same records") {
    for (const std::size_t loops : {1u, 2u}) {
        endpoint<tcp> s{
            {.port = 0, .address = "127.0.0.1", .loops = loops, .handle_signals = false}};
        auto& pipeline = s.serve(means_of_two());
        running thread{s};
        websocket_client out{"127.0.0.1", s.port(), "/means"};
        std::vector<std::unique_ptr<websocket_client>> senders;  // two of each, on all loops
        for (int i = 0; i < 4; ++i)
            senders.push_back(std::make_unique<websocket_client>("127.0.0.1", s.port(),
                                                                 i % 2 == 0 ? "/left" : "/right"));
        for (int i = 0; i < 4; ++i)
            for (int n = 0; n < 100; ++n)
                senders[static_cast<std::size_t>(i)]->send_text(
                    event(i < 2 ? "a" : "b", i % 2 == 0 ? 1 : 3, n));
        senders[0]->send_text("garbage");
        REQUIRE(has(senders[0]->receive()->payload, "malformed JSON"));
        while (http_get("127.0.0.1", s.port(), "/metrics")
                   .body.find(R"(millrace_events_total{pipeline="left+right"} 400)") ==
               std::string::npos)
            std::this_thread::yield();
        senders[0]->send_text(event("a", 1, 5000));
        senders[1]->send_text(event("b", 1, 6000));
        std::map<char, std::string> records;
        for (int i = 0; i < 2; ++i) {
            const auto text = std::string{out.receive()->payload};
            records[has(text, R"("sensor":"a")") ? 'a' : 'b'] = text;
        }
        for (const char sensor : {'a', 'b'}) {
            REQUIRE(has(records[sensor], R"("mean":2)"));
            REQUIRE(has(records[sensor], R"("trigger":"watermark")"));
        }
        s.stop();
        thread.join();
        REQUIRE(pipeline.source<0>().events() == 201);
        REQUIRE(pipeline.source<0>().rejected() == 1);
        REQUIRE(pipeline.source<1>().events() == 201);
    }
}

TEST_CASE("SIGTERM stops an endpoint in good order") {
    endpoint<tcp> s{{.port = 0, .address = "127.0.0.1"}};
    s.serve(means());
    running thread{s};
    websocket_client c{"127.0.0.1", s.port(), "/means"};
    std::raise(SIGTERM);
    REQUIRE(c.receive()->code == close_code::going_away);
    thread.join();
}

TEST_CASE("several endpoints live in one process, also on one io_context") {
    asio::io_context io;
    endpoint<tcp> a{io, {.port = 0, .address = "127.0.0.1"}}, b{io, {.port = 0}};
    a.on_message("/a", [](connection& c, std::string_view m) { c.send(m); });
    b.on_message("/b", [](connection& c, std::string_view m) { c.send(m); });
    std::thread thread{[&] { io.run(); }};
    {
        websocket_client to_a{"127.0.0.1", a.port(), "/a"}, to_b{"127.0.0.1", b.port(), "/b"};
        to_a.send_text("1");
        to_b.send_text("2");
        REQUIRE(to_a.receive()->payload == "1");
        REQUIRE(to_b.receive()->payload == "2");
    }
    a.stop();
    b.stop();
    thread.join();
}

TEST_CASE(
    "over TCP: memory stays flat under a client that floods and never reads, others are served") {
    endpoint<tcp> s{{.port = 0, .address = "127.0.0.1", .handle_signals = false}};
    s.on_message("/echo", [](connection& c, std::string_view m) { c.send(m); });
    running thread{s};
    websocket_client flood{"127.0.0.1", s.port(), "/echo"}, good{"127.0.0.1", s.port(), "/echo"};
    std::string burst;
    while (burst.size() < 1024 * 1024)
        websocket::append_masked_frame(burst, opcode::text, std::string(100, 'x'), 0x01020304);
    flood.send_raw(burst);
    const auto before = resident_bytes();
    for (int i = 0; i < 100; ++i) {
        flood.send_raw(burst);
        if (i % 10 == 0) {
            good.send_text("ping");
            REQUIRE(good.receive()->payload == "ping");
        }
    }
    const auto after = resident_bytes();
    REQUIRE(after < before + 8 * 1024 * 1024);
    REQUIRE(has(http_get("127.0.0.1", s.port(), "/metrics").body, "millrace_connections 3\n"));
}

TEST_CASE("over TCP: a frame of 1 GB is refused at its header, and holds no memory") {
    endpoint<tcp> s{{.port = 0, .address = "127.0.0.1", .handle_signals = false}};
    s.on_message("/raw", [](connection&, std::string_view) {});
    running thread{s};
    const auto before = resident_bytes();
    std::vector<std::unique_ptr<websocket_client>> clients;
    for (int i = 0; i < 10; ++i) {
        clients.push_back(std::make_unique<websocket_client>("127.0.0.1", s.port(), "/raw"));
        clients.back()->send_raw(std::string_view{"\x82\xff\0\0\0\0\x40\0\0\0mask", 14});
        REQUIRE(clients.back()->receive()->code == close_code::message_too_big);
    }
    REQUIRE(resident_bytes() < before + 8 * 1024 * 1024);
}

TEST_CASE("post is the way in from other threads, and stop may come under load") {
    auto s = std::make_unique<endpoint<tcp>>(
        endpoint_options{.port = 0, .address = "127.0.0.1", .handle_signals = false});
    connection* open = nullptr;
    struct remember {
        connection*& last;
        void on_open(connection& c) { last = &c; }
        void operator()(connection& c, std::string_view m) { c.send(m); }
        void on_close(connection&) { last = nullptr; }
    };
    s->on_message("/raw", remember{open});
    std::thread server{[&] { s->run(); }};
    websocket_client c{"127.0.0.1", s->port(), "/raw"};
    c.send_text("first");
    REQUIRE(c.receive()->payload == "first");
    std::thread other{[&] {
        for (int i = 0; i < 100; ++i)
            s->post([&open, i] {
                if (open != nullptr) open->send(std::to_string(i));
            });
    }};
    other.join();
    for (int i = 0; i < 100; ++i) REQUIRE(c.receive()->payload == std::to_string(i));

    std::thread sender{[&] {
        try {
            for (;;) c.send_text(std::string(1000, 'x'));
        } catch (const std::system_error&) {
        }
    }};
    s->stop();
    s->stop();
    server.join();
    s.reset();
    sender.join();
}
