#include <millrace/endpoint/authorization.hpp>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <millrace/analyzers/count.hpp>
#include <millrace/endpoint/endpoint.hpp>
#include <millrace/endpoint/guards/bearer_guard.hpp>
#include <millrace/http/text.hpp>
#include <millrace/operators/key_by.hpp>
#include <millrace/pipeline/process.hpp>
#include <millrace/pipeline/run.hpp>
#include <millrace/storage/memory.hpp>
#include <millrace/testing/blocking_socket.hpp>
#include <millrace/testing/websocket_client.hpp>
#include <millrace/windows/tumbling.hpp>

#include "running.hpp"
#include "server.hpp"

using namespace millrace;
using millrace::testing::blocking_socket;
using millrace::testing::websocket_client;
using action = millrace::endpoint_action;

namespace {

struct sample {
    std::string_view ward;
    timestamp time;
};

}  // namespace

template <>
inline constexpr auto millrace::schema<sample> = millrace::fields(
    millrace::field{"ward", &sample::ward}, millrace::event_time{"time", &sample::time});

namespace {

using key_asked = std::optional<std::string>;

bool has(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

auto counted(std::string input, std::string topic) {
    return from<sample>(std::move(input)) | key_by(&sample::ward) |
           window(tumbling{1s}, lateness{0s}, idle_timeout{10s}, drop_late) |
           process<count, memory_storage>() | publish(std::move(topic));
}

/// Somebody, and what this test expects that they may do. An empty token is shown by nobody.
struct somebody {
    std::string_view token;
    bool is_known;
    std::string_view topic;  ///< that they may follow and read; "*": all
    key_asked key;           ///< of it; none: all keys
    bool sends;
    bool observes;

    [[nodiscard]] bool may(action what, std::string_view asked, const key_asked& of) const {
        if (what == action::send) return sends && asked == "vitals";
        if (what == action::observe) return observes && asked == "metrics" && !of;
        return (topic == "*" || topic == asked) && (!key || key == of);
    }
};

const std::array<somebody, 8> everybody{{
    {"", false, "", {}, false, false},
    {"wrong", false, "", {}, false, false},
    {"stranger", true, "", {}, false, false},
    {"whole-topic", true, "wards", {}, false, false},
    {"one-key", true, "wards", "w1", false, false},
    {"other-topic", true, "beds", {}, false, false},
    {"device", true, "", {}, true, false},
    {"operator", true, "*", {}, true, true},
}};

/// What a spelled target comes to: a key that is asked for, all of them, or a refusal by itself.
struct spelling {
    std::string_view pattern;  ///< of a target, where P is the path, ^ it in capitals and $ the key
    int refused = 0;           ///< the status whoever asks
    bool asks_key = true;
    std::string_view key = "$";
};

const std::array<spelling, 30> spellings{{
    {"P?key=$"},
    {"P?limit=1&key=$&x=2"},
    {"P?%6bey=$"},
    {"P?%6B%65%79=$"},
    {"P?key=%77%32"},
    {"http://elsewhere.example/%P?key=$"},
    {"HTTP://elsewhere.example/%P?key=$"},
    {"/%P?key=$"},
    {"P?a=1;key=$", 0, false},
    {"P", 0, false},
    {"P?", 0, false},
    {"P?KEY=$", 0, false},
    {"P?Key=$", 0, false},
    {"P?key%3d$", 0, false},
    {"P?key=", 0, true, ""},
    {"P?key", 0, true, ""},
    {"P?key=$%20", 0, true, "$ "},
    {"P?key=+$", 0, true, " $"},
    {"P?key=W2", 0, true, "W2"},
    {"P?key=w1&key=$", 400},
    {"P?key=$&key=w1", 400},
    {"P?key=w1&%6bey=$", 400},
    {"P?key&key=$", 400},
    {"P?key=$%00", 400},
    {"P/.?key=$", 400},
    {"/x/%2e%2e/P?key=$", 400},
    {"P/?key=$", 404},
    {"/P?key=$", 404},
    {"P%3fkey=$", 404},
    {"^?key=$", 404},
}};

std::string replaced(std::string text, std::string_view what, std::string_view by) {
    for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
        text.replace(at, what.size(), by);
    return text;
}

std::string target_of(const spelling& spelled, std::string_view path) {
    std::string encoded_first{"%"}, upper{path};
    constexpr std::string_view digits = "0123456789abcdef";
    encoded_first += digits[static_cast<unsigned char>(path[1]) / 16];
    encoded_first += digits[static_cast<unsigned char>(path[1]) % 16];
    encoded_first += path.substr(2);
    for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    auto out = replaced(std::string{spelled.pattern}, "/%P", "/" + encoded_first);
    out = replaced(replaced(out, "P?", std::string{path} + "?"), "^", upper);
    if (out.ends_with('P')) out = replaced(out, "P", path);
    return replaced(
        replaced(replaced(out, "P/", std::string{path} + "/"), "P%3f", std::string{path} + "%3f"),
        "$", "w2");
}

std::string get(std::string_view target, std::string_view token, std::string_view lines = {}) {
    std::string head = "GET " + std::string{target} + " HTTP/1.1\r\nHost: h\r\n";
    if (!token.empty()) head.append("Authorization: Bearer ").append(token).append("\r\n");
    return head.append(lines).append("\r\n");
}

constexpr std::string_view upgrade_lines =
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

using guarded_tcp = endpoint<tcp, bearer_guard>;

endpoint_options options_of(std::size_t loops, const authorization_rule& rule) {
    return {.port = 0, .address = "127.0.0.1", .loops = loops, .may = rule};
}

bearer_guard who_is_who() {
    return {[](std::string_view token) -> std::optional<std::string> {
        for (const auto& each : everybody)
            if (each.is_known && each.token == token) return std::string{each.token};
        return std::nullopt;
    }};
}

bool by_table(action what, std::string_view topic, const key_asked& key, std::string_view who) {
    for (const auto& each : everybody)
        if (each.token == who) return each.may(what, topic, key);
    return false;
}

/// The status, and the body if the answer says how long it is.
struct answered {
    int status;
    std::string body;
};

answered ask(std::uint16_t port, std::string_view request) {
    blocking_socket socket{"127.0.0.1", port, 10s};
    socket.write(request, 10s);
    std::string bytes;
    std::array<char, 4096> chunk;
    std::size_t end, length = 0;
    const auto read_more = [&] {
        const auto size = socket.read_some(chunk, 10s);
        REQUIRE(size.has_value());
        bytes.append(chunk.data(), *size);
        return *size != 0;
    };
    while ((end = bytes.find("\r\n\r\n")) == std::string::npos)
        if (!read_more()) return {0, {}};
    if (const auto at = bytes.find("Content-Length: "); at != std::string::npos)
        length = std::stoul(bytes.substr(at + 16));
    while (bytes.size() < end + 4 + length && read_more()) continue;
    return {std::stoi(bytes.substr(9, 3)), bytes.substr(end + 4)};
}

/// One way to ask for something, and what is expected of it for each.
struct way {
    std::string_view path;
    bool upgrades;
    int success;
    std::function<bool(const somebody&, const key_asked&)> is_allowed;
};

}  // namespace

TEST_CASE("who may do what: each action by everybody, however the target is spelled") {
    const std::size_t loops = GENERATE(std::size_t{1}, std::size_t{2});
    guarded_tcp server{options_of(loops, by_table), {}, who_is_who()};
    server.serve(counted("vitals", "wards"), {.duplex_path = "/ws"});
    server.serve(counted("other", "beds"));
    const running runs{server};
    {
        websocket_client sender{"127.0.0.1", server.port(), "/vitals?token=operator"};
        websocket_client follower{"127.0.0.1", server.port(), "/wards?token=operator"};
        sender.send_text(R"([{"ward":"w1","time":0},{"ward":"w2","time":0},)"
                         R"({"ward":"w1","time":9000}])");
        REQUIRE(follower.receive());
        REQUIRE(follower.receive());
    }

    const auto follows = [](const somebody& who, const key_asked& key) {
        return who.may(action::follow, "wards", key);
    };
    const std::array<way, 5> ways{{
        {"/wards", true, 101, follows},
        {"/api/topics/wards", false, 200, follows},  // in this table who may follow may read
        {"/vitals", true, 101, [](const somebody& who, const key_asked&) { return who.sends; }},
        {"/ws", true, 101,
         [&](const somebody& who, const key_asked& key) { return who.sends && follows(who, key); }},
        {"/metrics", false, 200,
         [](const somebody& who, const key_asked&) { return who.observes; }},
    }};
    for (const auto& each : ways) {
        for (const auto& spelled : spellings) {
            const std::string target = target_of(spelled, each.path);
            key_asked key;
            if (spelled.asks_key) key = replaced(std::string{spelled.key}, "$", "w2");
            for (const auto& who : everybody) {
                int expected = each.is_allowed(who, key) ? each.success : 403;
                if (!who.is_known) expected = 401;
                if (spelled.refused != 0 && (who.is_known || spelled.refused == 400))
                    expected = spelled.refused;
                // Under an unknown name of a topic nobody is told whether there is one.
                const bool is_unknown = each.path == "/api/topics/wards" && who.is_known &&
                                        who.topic != "*" && spelled.refused == 404 &&
                                        target.starts_with("/api/topics/");
                if (is_unknown) expected = 403;
                // What the guard refuses is not looked at any further.
                const bool is_repeated = http::iequals(spelled.pattern.substr(0, 5), "P?key") &&
                                         has(spelled.pattern, "&");
                if (!who.is_known && is_repeated) expected = 401;
                for (std::size_t i = 0; i != loops; ++i) {
                    CAPTURE(loops, target, who.token, each.upgrades);
                    const auto got = ask(
                        server.port(), get(target, who.token, each.upgrades ? upgrade_lines : ""));
                    REQUIRE(got.status == expected);
                    if (got.status == 200 && key == "w2" && each.path == "/api/topics/wards")
                        REQUIRE((has(got.body, "w2") && !has(got.body, "w1")));
                }
            }
        }
    }
}

TEST_CASE("who may send may post, and who may not may not, on each path and loop") {
    const std::size_t loops = GENERATE(std::size_t{1}, std::size_t{2});
    guarded_tcp server{options_of(loops, by_table), {}, who_is_who()};
    server.serve(counted("vitals", "wards"), {.duplex_path = "/ws"});
    const running runs{server};
    const std::string event = R"({"ward":"w1","time":0})";
    for (const std::string target : {"/vitals", "/v%69tals", "/ws", "/ws?key=w9", "http://h/ws"}) {
        for (const auto& who : everybody) {
            for (std::size_t i = 0; i != loops; ++i) {
                CAPTURE(loops, target, who.token);
                const auto request =
                    replaced(get(target, who.token,
                                 "Content-Length: " + std::to_string(event.size()) + "\r\n"),
                             "GET ", "POST ") +
                    event;
                const auto got = ask(server.port(), request);
                REQUIRE(got.status == (!who.is_known ? 401 : who.sends ? 200 : 403));
                if (who.sends && who.is_known)
                    REQUIRE(got.body == "{\"accepted\":1,\"rejected\":0,\"errors\":[]}\n");
            }
        }
    }
}

TEST_CASE("a list of topics holds what the asker may follow or read") {
    guarded_tcp server{options_of(1, by_table), {}, who_is_who()};
    server.serve(counted("vitals", "wards"));
    server.serve(counted("other", "beds"));
    const running runs{server};
    const std::string wards = R"({"name":"wards","path":"/wards","key":"ward","history":true})";
    const std::string beds = R"({"name":"beds","path":"/beds","key":"ward","history":true})";
    const auto [token, query, expected] = GENERATE_COPY(
        std::tuple{"stranger", "", std::string{"[]\n"}}, std::tuple{"device", "", "[]\n"},
        std::tuple{"whole-topic", "", "[" + wards + "]\n"}, std::tuple{"one-key", "", "[]\n"},
        std::tuple{"one-key", "?key=w1", "[" + wards + "]\n"},
        std::tuple{"one-key", "?key=w2", "[]\n"}, std::tuple{"other-topic", "", "[" + beds + "]\n"},
        std::tuple{"operator", "", "[" + wards + "," + beds + "]\n"});
    CAPTURE(token, query);
    REQUIRE(ask(server.port(), get("/api/topics" + std::string{query}, token)).body == expected);
}

TEST_CASE("the root says what is there for the asker, unless files are") {
    guarded_tcp server{options_of(1, by_table), {}, who_is_who()};
    server.serve(counted("vitals", "wards"), {.duplex_path = "/ws"});
    const running runs{server};
    const std::string paths = R"("http":["/api/topics","/healthz","/readyz")";
    const std::string input = R"("inputs":[{"name":"vitals","paths":["/vitals","/ws"]}],)";
    const std::string topic =
        R"({"topics":[{"name":"wards","path":"/wards","key":"ward","history":true}],)";
    const auto says = [&](std::string_view token) {
        return ask(server.port(), get("/", token)).body;
    };
    REQUIRE(says("stranger") == R"({"topics":[],"inputs":[],)" + paths + "]}\n");
    REQUIRE(says("device") == R"({"topics":[],)" + input + paths + "]}\n");
    REQUIRE(says("whole-topic") == topic + R"("inputs":[],)" + paths + "]}\n");
    REQUIRE(says("operator") == topic + input + paths + ",\"/metrics\"]}\n");
    REQUIRE(ask(server.port(), get("/", "")).status == 401);
    REQUIRE(ask(server.port(), get("/other", "operator")).status == 404);
}

TEST_CASE("following and reading are asked for apart") {
    server s{{.may = [](action what, std::string_view topic, const key_asked&, std::string_view) {
        return what == (topic == "live" ? action::follow : action::read);
    }}};
    s.endpoint.serve(counted("a", "live"));
    s.endpoint.serve(counted("b", "stored"));
    memory_client asks{s.io, s.wire}, follows{s.io, s.wire}, refused{s.io, s.wire};
    REQUIRE(has(asks.get("/api/topics"),
                R"([{"name":"live","path":"/live","key":"ward","history":false},)"
                R"({"name":"stored","key":"ward","history":true}])"));
    REQUIRE(has(asks.get("/api/topics/live"), "403 Forbidden"));
    REQUIRE(has(asks.get("/api/topics/stored"), "200 OK"));
    REQUIRE(follows.upgrade("/live"));
    REQUIRE(!refused.upgrade("/stored"));
}

TEST_CASE("a rule that throws refuses, and nobody else notices") {
    server s{{.may = [](action, std::string_view, const key_asked&, std::string_view) -> bool {
        throw 1;
    }}};
    s.endpoint.serve(counted("a", "live"));
    memory_client asks{s.io, s.wire}, follows{s.io, s.wire};
    REQUIRE(has(asks.get("/api/topics/live"), " 500 "));
    REQUIRE(has(asks.get("/metrics"), " 500 "));
    asks.send_raw("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}");
    REQUIRE(has(asks.take_raw(), " 500 "));
    REQUIRE(!follows.upgrade("/live"));
    REQUIRE(s.counters().handler_errors == 4);
}

TEST_CASE("without a rule, metrics are for this machine and trusted addresses") {
    struct asked {
        const char* peer;
        const char* header;
        int status;
    };
    const auto [peer, header, status] = GENERATE(
        asked{"127.0.0.1", "", 200}, asked{"127.8.9.1", "", 200}, asked{"::1", "", 200},
        asked{"::ffff:127.0.0.1", "", 200}, asked{"unix", "", 200}, asked{"memory", "", 200},
        asked{"", "", 403}, asked{"192.0.2.1", "", 403}, asked{"198.51.100.7", "", 200},
        asked{"2001:db8::1", "", 403}, asked{"127.0.0.1", "X-Forwarded-For: 127.0.0.1", 403},
        asked{"127.0.0.1", "x-forwarded-for:", 403}, asked{"::1", "Forwarded: for=_x", 403},
        asked{"unix", "Via: 1.1 proxy", 403},
        asked{"198.51.100.7", "X-Forwarded-For: 192.0.2.1", 403},
        // a trusted proxy's word counts, for one address only
        asked{"10.0.0.1", "", 403}, asked{"10.0.0.1", "X-Forwarded-For: 198.51.100.7", 200},
        asked{"10.0.0.1", "X-Forwarded-For: 198.51.100.7, 192.0.2.1", 403},
        asked{"10.0.0.1", "X-Forwarded-For: 127.0.0.1", 403},
        asked{"10.0.0.1", "X-Forwarded-For: nonsense", 403});
    CAPTURE(peer, header);
    server s{{.trusted_proxies = {"10.0.0.1"}, .trusted_addresses = {"198.51.100.7"}}};
    memory_client client{s.io, s.wire, {.remote_address = peer}};
    std::string lines{header};
    if (!lines.empty()) lines += "\r\n";
    REQUIRE(has(client.get("/metrics", lines), "HTTP/1.1 " + std::to_string(status)));

    server open{{.has_open_metrics = true}};
    memory_client anybody{open.io, open.wire, {.remote_address = peer}};
    REQUIRE(has(anybody.get("/metrics", lines), "HTTP/1.1 200"));
}

TEST_CASE("the operator is told of refusals, without tokens") {
    std::vector<std::string> lines;
    server s{{.may = [](auto&&...) { return false; },
              .log =
                  [&](const log_entry& entry) {
                      if (entry.what == log_event::denied) lines.emplace_back(entry.message);
                  }}};
    s.endpoint.serve(counted("a", "live"));
    memory_client follows{s.io, s.wire}, asks{s.io, s.wire};
    REQUIRE(!follows.upgrade("/live?token=s3cret&key=w1"));
    static_cast<void>(asks.get("/api/topics/live?token=s3cret"));
    asks.send_raw("POST /a?token=s3cret HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}");
    const std::string answers = asks.take_raw() + follows.take_raw();
    const std::string from = " from " + memory_stream_options{}.remote_address;
    REQUIRE(lines ==
            std::vector<std::string>{"GET /live?token=***&key=w1" + from + ": may not follow",
                                     "GET /api/topics/live?token=***" + from + ": may not read",
                                     "POST /a?token=***" + from + ": may not send"});
    REQUIRE(s.counters().denied == 3);
    memory_client other{s.io, s.wire};
    REQUIRE(!has(answers + other.get("/metrics?token=s3cret"), "s3cret"));
    REQUIRE(lines.back() == "GET /metrics?token=***" + from + ": may not observe");
}
