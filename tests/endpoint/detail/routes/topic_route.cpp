#include <millrace/endpoint/detail/routes/topic_route.hpp>

#include <stdexcept>
#include <string>
#include <vector>

#include <millrace/analyzers/count.hpp>
#include <millrace/pipeline/run.hpp>
#include <millrace/storage/memory.hpp>

#include "../../server.hpp"

using namespace millrace;

namespace {

struct note {
    std::string text;
};

struct numbered {
    int id = 0;
};

}  // namespace

template <>
inline constexpr auto millrace::schema<note> = millrace::fields(millrace::field{"text",
                                                                                &note::text});
template <>
inline constexpr auto millrace::schema<numbered> = millrace::fields(millrace::field{"id",
                                                                                    &numbered::id});

namespace {

/// A pipeline that repeats its messages to a topic, refuses those with a "!" for each, gives them
/// up at "?", and throws at "throw".
template <class Sink>
struct fake_running {
    static constexpr std::size_t source_count = 1;

    decltype(std::declval<Sink&>().template open<note>("", unkeyed{})) out;

    std::tuple<fake_running&> sources() { return {*this}; }
    std::string_view input() const { return "notes"; }
    void begin_batch() {}
    errc push_next(const note& one, std::uint64_t) {
        out(one);
        return {};
    }
    void end_batch() {}
    static errc answer(errc of) { return of; }
    std::uint64_t taken() const { return 0; }
    template <class OnError>
    std::size_t receive(std::span<char> message, OnError&& on_error, std::uint64_t producer) {
        return decode(
            message, [&](const note& one) { return push_next(one, producer); }, on_error);
    }
    template <class Take, class OnError>
    std::size_t decode(std::span<char> message, Take&& take, OnError&& on_error) {
        const std::string text{message.data(), message.size()};
        if (text == "throw") throw std::runtime_error{"thrown"};
        std::size_t errors = 0;
        for (const char c : text)
            if (c == '!' || c == '?')
                on_error(
                    {errors++, make_error_code(errc::wrong_type), "text", 7, c == '?' ? 9u : 0});
        if (errors == 0) static_cast<void>(take(note{text}));
        return errors == 0 ? 1 : 0;
    }
    void tick() {}
    bool is_behind() const { return false; }
    std::error_code finish() {
        out(note{"finished"});
        return {};
    }
    std::error_code recording_error() const { return {}; }
    pipeline_stats stats() const { return {}; }
    std::vector<stage_stats> stages() const { return {}; }
};

struct fake_pipeline {};

topology describe(const fake_pipeline&) { return {}; }

template <class Sink>
fake_running<Sink> start(fake_pipeline, Sink sink, clock_view<manual_clock>, null_journal) {
    return {sink.template open<note>("repeated", unkeyed{})};
}

struct notes_server : server {
    explicit notes_server(endpoint_options options = {}) : server{options} {
        endpoint.serve(fake_pipeline{}, {.duplex_path = "/ws"});
    }
};

}  // namespace

TEST_CASE("events come in on the input path, records go out on the topic's, both on the duplex") {
    notes_server s;
    client in{s, "/notes"}, out{s, "/repeated"}, both{s, "/ws"};
    in.send_text("a");
    REQUIRE(out.next_text() == R"({"text":"a"})");
    REQUIRE(both.next_text() == R"({"text":"a"})");
    REQUIRE(!in.next());
    both.send_text("b");
    REQUIRE(out.next_text() == R"({"text":"b"})");
    REQUIRE(both.next_text() == R"({"text":"b"})");
}

TEST_CASE("each refused event is answered, up to the limit, and the connection stays") {
    notes_server s{{.max_errors_per_message = 3}};
    client in{s, "/notes"};
    in.send_text("!");
    REQUIRE(in.next_text() ==
            R"({"error":{"index":0,"code":"wrong type","field":"text","offset":7}})");
    in.send_text("!!!!!");
    for (const char index : {'0', '1', '2'})
        REQUIRE(in.next_text().find(std::string{R"("index":)"} + index) != std::string::npos);
    REQUIRE(!in.next());
    in.send_text("!");
    REQUIRE(in.next());
    // That events are lost is told in any case.
    in.send_text("!!!!?");
    for (int i = 0; i < 3; ++i) REQUIRE(in.next_text().find("unread") == std::string::npos);
    REQUIRE(
        in.next_text() ==
        R"({"error":{"index":4,"code":"wrong type","field":"text","offset":7,"unread_bytes":9}})");
    REQUIRE(!in.next());
}

TEST_CASE("a binary message on a path of events is closed with 1003") {
    notes_server s;
    client in{s, GENERATE(as<std::string>{}, "/notes", "/ws")};
    in.send_binary("{}");
    REQUIRE(code_of_close(in) == close_code::unsupported_data);
}

TEST_CASE("a message on a path that only streams is closed with 1003") {
    notes_server s;
    client out{s, "/repeated"};
    GENERATE(0, 1) == 0 ? out.send_text("{}") : out.send_binary("{}");
    REQUIRE(code_of_close(out) == close_code::unsupported_data);
}

TEST_CASE("a pipeline that throws closes the sender with 1011 and goes on") {
    notes_server s;
    client bad{s, "/notes"}, good{s, "/ws"};
    bad.send_text("throw");
    REQUIRE(code_of_close(bad) == close_code::internal_error);
    good.send_text("on");
    REQUIRE(good.next_text() == R"({"text":"on"})");
    REQUIRE(s.counters().handler_errors == 1);
}

TEST_CASE("stop finishes the pipeline, whose last records go before the goodbye") {
    notes_server s;
    client out{s, "/repeated"};
    s.endpoint.stop();
    REQUIRE(out.next_text() == R"({"text":"finished"})");
    REQUIRE(code_of_close(out) == close_code::going_away);
}

TEST_CASE("who leaves gets nothing more, and the topic forgets it") {
    notes_server s;
    client in{s, "/notes"};
    {
        client out{s, "/repeated"};
        REQUIRE(s.endpoint.snapshot().topics[0].subscribers == 1);
        out.close();
    }
    REQUIRE(s.endpoint.snapshot().topics[0].subscribers == 0);
    in.send_text("a");
    REQUIRE(s.endpoint.snapshot().topics[0].records == 1);
}

TEST_CASE("events and records are followed, looked up and permitted by one form of a key") {
    std::string asked;
    server s{{.may = [&](endpoint_action, std::string_view topic, const auto& key, auto) {
        if (topic != "in") asked += std::string{topic} + " " + key.value_or("all") + ", ";
        return true;
    }}};
    s.endpoint.serve(from<numbered>("in") | key_by(&numbered::id) | publish("ticks") |
                         process<count, memory_storage>() | publish("counts"),
                     {.duplex_path = "/both"});
    client in{s, "/in"}, ticks{s, "/ticks?key=007"}, counts{s, "/counts?key=7"},
        both{s, "/both?key=%2D0"};
    REQUIRE(asked == "ticks 7, counts 7, counts 0, ticks 0, ");
    in.send_text(R"([{"id":7},{"id":8},{"id":0}])");
    REQUIRE(ticks.next_text() == R"({"id":7})");
    REQUIRE_FALSE(ticks.next());
    REQUIRE(counts.next_text().starts_with(R"({"id":7,)"));
    REQUIRE_FALSE(counts.next());
    REQUIRE(both.next_text() == R"({"id":0})");
    REQUIRE(both.next_text().starts_with(R"({"id":0,)"));
    REQUIRE_FALSE(both.next());
    for (const char* path : {"/ticks?key=seven", "/both?key=", "/ticks?key=7x"}) {
        memory_client refused{s.io, s.wire};
        REQUIRE_FALSE(refused.upgrade(path));
        REQUIRE(refused.take_raw().starts_with("HTTP/1.1 400 "));
    }
    const auto history = [&](std::string_view key) {
        memory_client http{s.io, s.wire};
        http.send_raw("GET /api/topics/counts?key=" + std::string{key} +
                      " HTTP/1.1\r\nHost: x\r\n\r\n");
        return http.take_raw();
    };
    asked.clear();
    REQUIRE(history("007").find(R"([{"id":7,)") != std::string::npos);
    REQUIRE(history("9").ends_with("\r\n\r\n[]"));
    REQUIRE(history("seven").starts_with("HTTP/1.1 400 "));
    REQUIRE(asked == "counts 7, counts 9, counts seven, ");
}
