#include <millrace/endpoint/authorization.hpp>

#include <array>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
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

#include "has.hpp"
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

auto counted(std::string input, std::string topic) {
    return from<sample>(std::move(input)) | key_by(&sample::ward) |
           window(tumbling{1s}, drop_late) | process<count, memory_storage>() |
           publish(std::move(topic));
}

/// Somebody, and what this test expects that they may do. An empty token is shown by nobody.
struct somebody {
    std::string_view token;
    bool is_known = true;
    std::string_view topic{};  ///< that they may follow or read; "*": all
    key_asked key{};           ///< of it; none: all keys
    bool follows = false;
    bool reads = false;
    bool sends = false;
    bool observes = false;

    [[nodiscard]] bool may(action what, std::string_view asked, const key_asked& of) const {
        if (what == action::send) return sends && asked == "vitals";
        if (what == action::observe)
            return observes && (asked == "metrics" || asked == "topology") && !of;
        const bool is_granted = what == action::follow ? follows : reads;
        return is_granted && (topic == "*" || topic == asked) && (!key || key == of);
    }
};

/// Of any two actions, somebody may do the one and not the other.
const std::array<somebody, 15> everybody{{
    {.token = "", .is_known = false},
    {.token = "wrong", .is_known = false},
    {.token = "stranger"},
    {.token = "follower", .topic = "wards", .follows = true},
    {.token = "reader", .topic = "wards", .reads = true},
    {.token = "whole-topic", .topic = "wards", .follows = true, .reads = true},
    {.token = "follower-of-key", .topic = "wards", .key = "w2", .follows = true},
    {.token = "reader-of-key", .topic = "wards", .key = "w2", .reads = true},
    {.token = "other-key", .topic = "wards", .key = "w1", .follows = true, .reads = true},
    {.token = "other-topic", .topic = "beds", .follows = true, .reads = true},
    {.token = "device", .sends = true},
    {.token = "device-with-screen", .topic = "wards", .follows = true, .sends = true},
    {.token = "device-that-reads", .topic = "wards", .reads = true, .sends = true},
    {.token = "monitor", .observes = true},
    {.token = "operator",
     .topic = "*",
     .follows = true,
     .reads = true,
     .sends = true,
     .observes = true},
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

/// What is answered, with the body if the head says how long it is.
struct answered {
    int status;
    std::string head;
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
        if (!read_more()) return {};
    if (const auto at = bytes.find("Content-Length: "); at != std::string::npos)
        length = std::stoul(bytes.substr(at + 16));
    while (bytes.size() < end + 4 + length && read_more()) continue;
    return {std::stoi(bytes.substr(9, 3)), bytes.substr(0, end + 2), bytes.substr(end + 4)};
}

/// HEAD tells no more than GET did, and has no body: the request ends the connection.
void require_same_head(std::uint16_t port, std::string request, const answered& got) {
    constexpr std::string_view close = "Connection: close\r\n";
    request = replaced(replaced(std::move(request), "GET ", "HEAD "), "Connection: Upgrade",
                       "Connection: close, Upgrade");
    if (!has(request, "Connection: ")) request.insert(request.size() - 2, close);
    const answered head = ask(port, request);
    REQUIRE(head.body.empty());
    if (got.status == 101) {
        REQUIRE(head.status == 405);
    } else {
        REQUIRE(head.status == got.status);
    }
    if (got.status == 101 || got.status == 200) return;
    const std::string same = replaced(got.head, "Connection: keep-alive\r\n", "");
    REQUIRE(replaced(head.head, close, "") == replaced(same, close, ""));
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
    const std::array<way, 6> ways{{
        {"/wards", true, 101, follows},
        {"/api/topics/wards", false, 200,
         [](const somebody& who, const key_asked& key) {
             return who.may(action::read, "wards", key);
         }},
        {"/vitals", true, 101, [](const somebody& who, const key_asked&) { return who.sends; }},
        {"/ws", true, 101,
         [&](const somebody& who, const key_asked& key) { return who.sends && follows(who, key); }},
        {"/metrics", false, 200,
         [](const somebody& who, const key_asked&) { return who.observes; }},
        {"/api/topology", false, 200,
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
                                        !(who.reads && who.topic == "*") &&
                                        spelled.refused == 404 &&
                                        target.starts_with("/api/topics/");
                if (is_unknown) expected = 403;
                // What the guard refuses is not looked at any further.
                const bool is_repeated = http::iequals(spelled.pattern.substr(0, 5), "P?key") &&
                                         has(spelled.pattern, "&");
                if (!who.is_known && is_repeated) expected = 401;
                const auto request = get(target, who.token, each.upgrades ? upgrade_lines : "");
                CAPTURE(loops, target, who.token, each.upgrades);
                answered got;
                for (std::size_t i = 0; i != loops; ++i) {
                    got = ask(server.port(), request);
                    REQUIRE(got.status == expected);
                    if (got.status == 200 && key == "w2" && each.path == "/api/topics/wards")
                        REQUIRE((has(got.body, "w2") && !has(got.body, "w1")));
                }
                require_same_head(server.port(), request, got);
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

namespace {

/// What /api/topics says of one that is stored and has the key "ward", to somebody who asks for it.
std::string listed(std::string_view topic, const somebody& who, const key_asked& key) {
    const bool is_followed = who.may(action::follow, topic, key);
    const bool is_read = who.may(action::read, topic, key);
    if (!is_followed && !is_read) return {};
    const std::string name{topic};
    return R"({"name":")" + name + '"' + (is_followed ? R"(,"path":"/)" + name + '"' : "") +
           R"(,"key":"ward","history":)" + (is_read ? "true}" : "false}");
}

}  // namespace

TEST_CASE("the list of topics and the root hold what the asker may do, unless files are there") {
    guarded_tcp server{options_of(1, by_table), {}, who_is_who()};
    server.serve(counted("vitals", "wards"), {.duplex_path = "/ws"});
    server.serve(counted("other", "beds"));
    const running runs{server};
    for (const auto& who : everybody) {
        for (const key_asked& key : {key_asked{}, key_asked{"w1"}, key_asked{"w2"}}) {
            const std::string query = key ? "?key=" + *key : "";
            std::string topics = listed("wards", who, key), beds = listed("beds", who, key);
            topics = "[" + topics + (topics.empty() || beds.empty() ? "" : ",") + beds + "]";
            const std::string all =
                R"({"topics":)" + topics + R"(,"inputs":[)" +
                (who.sends ? R"({"name":"vitals","paths":["/vitals","/ws"]})" : "") +
                R"(],"http":["/api/topics","/healthz","/readyz")" +
                (who.observes ? R"(,"/metrics","/api/topology"]})" : "]}");
            for (const auto& [path, expected] :
                 {std::pair{"/api/topics", topics}, std::pair{"/", all}}) {
                CAPTURE(path, who.token, query);
                const auto request = get(path + query, who.token);
                const auto got = ask(server.port(), request);
                REQUIRE(got.status == (who.is_known ? 200 : 401));
                if (who.is_known) REQUIRE(got.body == expected + "\n");
                require_same_head(server.port(), request, got);
            }
        }
    }
    REQUIRE(ask(server.port(), get("/other-path", "operator")).status == 404);
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
    REQUIRE(has(client.get("/api/topology", lines), "HTTP/1.1 " + std::to_string(status)));

    server open{{.trusted_proxies = {"10.0.0.1"},
                 .trusted_addresses = {"198.51.100.7"},
                 .has_open_metrics = true}};
    memory_client anybody{open.io, open.wire, {.remote_address = peer}};
    REQUIRE(has(anybody.get("/metrics", lines), "HTTP/1.1 200"));
    REQUIRE(has(anybody.get("/api/topology", lines), "HTTP/1.1 " + std::to_string(status)));
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
