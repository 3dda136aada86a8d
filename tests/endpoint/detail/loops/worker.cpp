#include <millrace/endpoint/detail/loops/worker.hpp>

#include <atomic>
#include <chrono>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <millrace/analyzers/sum.hpp>
#include <millrace/endpoint/endpoint.hpp>
#include <millrace/operators/filter.hpp>
#include <millrace/operators/key_by.hpp>
#include <millrace/pipeline/process.hpp>
#include <millrace/pipeline/run.hpp>
#include <millrace/testing/http_client.hpp>
#include <millrace/testing/websocket_client.hpp>
#include <millrace/transport/memory.hpp>
#include <millrace/windows/tumbling.hpp>

#include "../../reading.hpp"
#include "../../running.hpp"
#include "catch.hpp"
#include "has.hpp"

using namespace millrace;
using namespace std::chrono_literals;
using millrace::testing::http_get;
using millrace::testing::upgrade_refused;
using millrace::testing::websocket_client;
using millrace::websocket::close_code;
using millrace::websocket::opcode;

namespace {

constexpr std::size_t loops = 3;

endpoint_options several_loops() {
    return {.port = 0, .address = "127.0.0.1", .loops = loops, .handle_signals = false};
}

/// As many clients of a path as give each loop `each`, for the loop with the fewest gets the next.
std::vector<std::unique_ptr<websocket_client>> clients(std::uint16_t port, const std::string& path,
                                                       std::size_t each = 2) {
    std::vector<std::unique_ptr<websocket_client>> all;
    while (all.size() != each * loops)
        all.push_back(std::make_unique<websocket_client>("127.0.0.1", port, path));
    return all;
}

std::string event(std::string_view sensor, std::size_t value, std::size_t millisecond) {
    return R"({"sensor":")" + std::string{sensor} + R"(","value":)" + std::to_string(value) +
           R"(,"time":)" + std::to_string(millisecond) + "}";
}

auto sums() {
    return from<reading>("readings") | key_by(&reading::sensor) |
           window(tumbling{1s}, lateness{1h}, drop_late) | process<sum<&reading::value>>() |
           publish("sums");
}

template <class Endpoint>
endpoint_snapshot snapshot_of(Endpoint& server) {
    std::promise<endpoint_snapshot> taken;
    server.post([&] { taken.set_value(server.snapshot()); });
    return taken.get_future().get();
}

/// Asks again and again until `is_reached(snapshot)`.
template <class Endpoint, class Condition>
void wait_until(Endpoint& server, Condition is_reached) {
    while (!is_reached(snapshot_of(server))) std::this_thread::yield();
}

std::promise<void> is_decoding, may_go_on;

/// JSON whose one message waits behind its events.
struct slow_codec {
    template <class Event>
    struct decoder : json::decoder<Event> {
        using json::decoder<Event>::decoder;
        template <class OnEvent, class OnError>
        void decode(std::span<char> message, OnEvent&& on_event, OnError&& on_error) {
            json::decoder<Event>::decode(message, on_event, on_error);
            is_decoding.set_value();
            may_go_on.get_future().wait();
        }
    };
    template <class Record>
    using encoder = json::encoder<Record>;
};

struct echo {
    void operator()(connection& from, std::string_view text) { from.send(text); }
};

}  // namespace

TEST_CASE("connections are spread over the loops, each in a thread of its own") {
    endpoint<tcp> s{several_loops()};
    std::mutex mutex;
    std::map<std::thread::id, int> opened;
    struct open_counter {
        std::mutex& mutex;
        std::map<std::thread::id, int>& opened;
        void on_open(connection&) {
            const std::lock_guard lock{mutex};
            ++opened[std::this_thread::get_id()];
        }
        void operator()(connection& from, std::string_view text) { from.send(text); }
    };
    s.on_message("/echo", open_counter{mutex, opened});
    running thread{s};
    const auto all = clients(s.port(), "/echo");
    for (const auto& each : all) {
        each->send_text("hello");
        REQUIRE(each->receive()->payload == "hello");
    }
    const std::lock_guard lock{mutex};
    REQUIRE(opened.size() == loops);
    for (const auto& each : opened) REQUIRE(each.second == 2);
    const auto counted = snapshot_of(s).counters;
    REQUIRE(counted.connections == all.size());
    REQUIRE(counted.upgrades == all.size());
    REQUIRE(counted.messages_in == all.size());
}

TEST_CASE("each loop has a copy of a handler, and one that cannot be copied is refused") {
    endpoint<tcp> s{several_loops()};
    struct counting {
        int received = 0;
        void operator()(connection& from, std::string_view) {
            from.send(std::to_string(++received));
        }
    };
    s.on_message("/count", counting{});
    struct only_moves {
        std::unique_ptr<int> state;
        void operator()(connection&, std::string_view) {}
    };
    REQUIRE_THROWS_AS(s.on_message("/moved", only_moves{}), std::invalid_argument);
    running thread{s};
    for (const auto& each : clients(s.port(), "/count", 1)) {
        each->send_text("?");
        REQUIRE(each->receive()->payload == "1");
    }
}

TEST_CASE("a transport that cannot hand connections over serves one loop") {
    asio::io_context io;
    REQUIRE_THROWS_AS((endpoint<memory>{io, {.loops = 2}}), std::invalid_argument);
    REQUIRE_NOTHROW(endpoint<memory>{io, {.loops = 1}});
    endpoint<tcp> one_a_core{{.port = 0, .loops = 0}};
    REQUIRE_NOTHROW(one_a_core.serve(sums()));
}

TEST_CASE("events of all loops meet in one pipeline, those of one connection in order") {
    endpoint<tcp> s{several_loops()};
    std::map<std::string, std::uint64_t, std::less<>> last;
    std::atomic<int> disordered = 0;
    s.serve(from<reading>("readings") | filter([&](const reading& r) {
                auto& before = last.emplace(r.sensor, 0).first->second;
                if (r.value != before + 1) ++disordered;
                before = r.value;
                return true;
            }) |
            key_by(&reading::sensor) | window(tumbling{1s}, lateness{1h}, drop_late) |
            process<sum<&reading::value>>() | publish("sums"));
    running thread{s};
    constexpr std::uint64_t count = 5000;
    const auto all = clients(s.port(), "/readings");
    std::vector<std::thread> sending;
    for (std::size_t i = 0; i != all.size(); ++i)
        sending.emplace_back([&to = *all[i], name = "sensor " + std::to_string(i)] {
            std::string burst;
            for (std::uint64_t n = 1; n <= count; ++n) {
                websocket::append_masked_frame(burst, opcode::text, event(name, n, n % 1000),
                                               0x12345678);
                if (n % 100 == 0) {
                    to.send_raw(burst);
                    burst.clear();
                }
            }
        });
    for (auto& each : sending) each.join();
    websocket_client results{"127.0.0.1", s.port(), "/sums"};
    wait_until(s, [&](const endpoint_snapshot& now) {
        return now.pipelines[0].stats.events == count * all.size();
    });
    REQUIRE(disordered == 0);
    s.stop();
    std::set<std::string> sensors;
    for (std::size_t i = 0; i != all.size(); ++i) {
        const auto record = results.receive()->payload;

        REQUIRE(has(record, R"("sum":12502500)"));
        sensors.insert(record.substr(0, record.find(',')));
    }
    REQUIRE(sensors.size() == all.size());
    REQUIRE(results.receive()->code == close_code::going_away);
}

TEST_CASE("what is wrong with an event is told to its sender, in whatever loop") {
    endpoint<tcp> s{several_loops()};
    s.serve(sums());
    running thread{s};
    const auto all = clients(s.port(), "/readings", 1);
    for (const auto& each : all) {
        each->send_text("[" + event("a", 1, 0) + ",{}," + event("a", 1, 0) + "]");
        const auto error = each->receive()->payload;
        REQUIRE(has(error, R"({"error":{"index":1,)"));
        each->send_binary("no text");
        REQUIRE(each->receive()->code == close_code::unsupported_data);
    }
    wait_until(s, [&](const endpoint_snapshot& now) {
        return now.pipelines[0].stats.events == 2 * all.size() &&
               now.pipelines[0].stats.rejected == all.size();
    });
}

TEST_CASE("records reach the followers in all loops, all of them or one key's") {
    endpoint<tcp> s{several_loops()};
    s.serve(sums(), {.duplex_path = "/both"});
    running thread{s};
    const auto all = clients(s.port(), "/sums", 1), one = clients(s.port(), "/sums?key=b", 1),
               none = clients(s.port(), "/sums?key=c", 1), both = clients(s.port(), "/both", 1);
    REQUIRE(snapshot_of(s).topics[0].subscribers == 4 * loops);
    both[1]->send_text("[" + event("a", 1, 0) + "," + event("b", 2, 500) + "]");
    wait_until(s, [](const auto& now) { return now.pipelines[0].stats.events == 2; });
    s.stop();
    for (const auto* group : {&all, &both})
        for (const auto& each : *group) {
            REQUIRE(has(each->receive()->payload, R"("sensor":"a")"));
            REQUIRE(has(each->receive()->payload, R"("sensor":"b")"));
            REQUIRE(each->receive()->code == close_code::going_away);
        }
    for (const auto& each : one) {
        REQUIRE(has(each->receive()->payload, R"("sensor":"b")"));
        REQUIRE(each->receive()->code == close_code::going_away);
    }
    for (const auto& each : none) REQUIRE(each->receive()->code == close_code::going_away);
}

TEST_CASE("a stop takes in what loops have received, and sends its last records to all") {
    endpoint<tcp> s{several_loops()};
    s.serve(sums(), {.duplex_path = "/both"});
    running thread{s};
    const auto all = clients(s.port(), "/both", 1);
    for (std::size_t i = 0; i != all.size(); ++i) {
        all[i]->send_text("[" + event("sensor", 7, i) + ",{}]");
        REQUIRE(has(all[i]->receive()->payload, "error"));
    }
    s.stop();
    for (const auto& each : all) {
        const auto record = each->receive()->payload;
        REQUIRE(has(record, R"("sum":21)"));
        REQUIRE(each->receive()->code == close_code::going_away);
    }
    thread.join();
}

TEST_CASE("a stop waits for the events of a message that a loop is just decoding") {
    endpoint<tcp> s{several_loops()};
    s.serve(from<reading, slow_codec>("readings") | publish("taken"));
    running thread{s};
    websocket_client in_first{"127.0.0.1", s.port(), "/taken"},
        in_second{"127.0.0.1", s.port(), "/readings"};
    in_second.send_text(event("a", 1, 0));
    is_decoding.get_future().wait();
    s.stop();
    static_cast<void>(snapshot_of(s));  // the stop has begun
    may_go_on.set_value();
    REQUIRE(has(in_first.receive()->payload, R"("value":1)"));
    REQUIRE(in_first.receive()->code == close_code::going_away);
}

TEST_CASE("HTTP is answered in every loop, and only the endpoint's thread is asked") {
    std::set<std::thread::id> asked;
    struct remember_guard {
        std::set<std::thread::id>* asked;
        verdict admit(const http::request& request, std::string_view address) {
            asked->insert(std::this_thread::get_id());
            if (request.path() == "/throw") throw 1;
            if (address != "127.0.0.1") return errc::forbidden;
            return verdict::pass("somebody");
        }
    };
    endpoint<tcp, remember_guard> s{several_loops(), {}, {&asked}};
    s.serve(sums());
    s.on_message("/who", [](connection& from, std::string_view) { from.send(from.principal()); });
    s.files("/", "tests/data");
    std::thread::id serving;
    s.post([&] { serving = std::this_thread::get_id(); });
    running thread{s};
    for (const auto& each : clients(s.port(), "/who", 1)) {
        each->send_text("?");
        REQUIRE(each->receive()->payload == "somebody");
        // The loop with the fewest connections changes with each of these.
        REQUIRE(http_get("127.0.0.1", s.port(), "/healthz").body == "ok\n");
        REQUIRE(http_get("127.0.0.1", s.port(), "/readyz").status == 200);
        REQUIRE(has(http_get("127.0.0.1", s.port(), "/metrics").body, "millrace_connections "));
        REQUIRE(has(http_get("127.0.0.1", s.port(), "/nist/Lew.dat").body, "Lew"));
        REQUIRE(http_get("127.0.0.1", s.port(), "/nowhere").status == 404);
        REQUIRE(http_get("127.0.0.1", s.port(), "/throw").status == 500);
        REQUIRE(http_get("127.0.0.1", s.port(), "/sums").status == 426);
    }
    REQUIRE(asked == std::set{serving});
}

TEST_CASE("a file that is in memory is served in all loops at once") {
    endpoint<tcp> s{several_loops()};
    s.files("/", "tests/data");
    running thread{s};
    std::atomic<int> right = 0;
    std::vector<std::thread> asking;
    for (int i = 0; i < 4; ++i)
        asking.emplace_back([&] {
            for (int n = 0; n < 50; ++n)
                if (has(http_get("127.0.0.1", s.port(), "/nist/Lew.dat").body, "Lew")) ++right;
        });
    for (auto& each : asking) each.join();
    REQUIRE(right == 200);
}

TEST_CASE("an asynchronous guard's answer finds the loop that waits for it") {
    struct later_guard {
        std::shared_ptr<std::vector<std::thread>> asking =
            std::make_shared<std::vector<std::thread>>();
        void admit(std::shared_ptr<const http::request> request, std::string,
                   verdict_handler reply) {
            asking->emplace_back([request, reply] {
                const bool is_known = request->query("token") == "known";
                reply(is_known ? verdict::pass("known") : verdict{errc::unauthorized, "who?"});
            });
        }
    };
    endpoint<tcp, later_guard> s{several_loops()};
    s.on_message("/echo", echo{});
    {
        running thread{s};
        const auto all = clients(s.port(), "/echo?token=known", 1);
        for (const auto& each : all) {
            each->send_text("hello");
            REQUIRE(each->receive()->payload == "hello");
            REQUIRE_THROWS_AS(websocket_client("127.0.0.1", s.port(), "/echo"), upgrade_refused);
        }
    }
    for (auto& each : *s.guard().asking) each.join();
}

TEST_CASE("limits hold for all loops together") {
    auto options = several_loops();
    options.max_connections_per_address = loops;
    endpoint<tcp> s{options};
    s.on_message("/echo", echo{});
    running thread{s};
    auto all = clients(s.port(), "/echo", 1);
    REQUIRE_THROWS_AS(websocket_client("127.0.0.1", s.port(), "/echo"), upgrade_refused);
    all.pop_back();
    wait_until(s, [](const auto& now) { return now.counters.connections == loops - 1; });
    websocket_client next{"127.0.0.1", s.port(), "/echo"};
}

TEST_CASE("a handler that throws in any loop ends its connection with 1011") {
    endpoint<tcp> s{several_loops()};
    s.on_message("/throw", [](connection&, std::string_view) { throw 1; });
    running thread{s};
    for (const auto& each : clients(s.port(), "/throw", 1)) {
        each->send_text("?");
        REQUIRE(each->receive()->code == close_code::internal_error);
    }
    REQUIRE(snapshot_of(s).counters.handler_errors == loops);
}

TEST_CASE("who sends what an operator throws at is closed, in one loop as in several") {
    for (const std::size_t count : {1u, 2u}) {
        auto options = several_loops();
        options.loops = count;
        endpoint<tcp> s{options};
        s.serve(from<reading>("readings") | filter([](const reading& r) {
                    if (r.value == 13) throw 1;
                    return true;
                }) |
                publish("good"));
        running thread{s};
        // With two loops, the one who fails and its neighbour send in the second.
        websocket_client first{"127.0.0.1", s.port(), "/good"},
            failing{"127.0.0.1", s.port(), "/readings"}, third{"127.0.0.1", s.port(), "/good"},
            neighbour{"127.0.0.1", s.port(), "/readings"};
        failing.send_text("[" + event("a", 12, 0) + "," + event("a", 13, 0) + "," +
                          event("a", 13, 0) + "," + event("a", 14, 1) + "]");
        REQUIRE(failing.receive()->code == close_code::internal_error);
        neighbour.send_text(event("b", 15, 2));
        for (auto* const each : {&first, &third}) {
            REQUIRE(has(each->receive()->payload, R"("value":12)"));
            REQUIRE(has(each->receive()->payload, R"("value":14)"));
            REQUIRE(has(each->receive()->payload, R"("value":15)"));
        }
        const auto now = snapshot_of(s);
        REQUIRE(now.pipelines[0].stats.events == 5);
        REQUIRE(now.pipelines[0].stats.failed == 2);
        REQUIRE(now.counters.handler_errors == 1);
    }
}

TEST_CASE("with errors_to who sends it goes on, and others are told of the event alone") {
    for (const std::size_t count : {1u, 3u}) {
        CAPTURE(count);
        auto options = several_loops();
        options.loops = count;
        endpoint<tcp> s{options};
        const auto name = [](const reading& r) {
            if (r.value == 13) throw 1;
            return r.sensor;
        };
        const auto check = [](const reading& r) {
            if (r.value == 26) throw 2;
            return true;
        };
        s.serve(from<reading>("readings") | errors_to("broken") | key_by("name", name) |
                filter(check) | publish("good"));
        running thread{s};
        websocket_client broken{"127.0.0.1", s.port(), "/broken"},
            good{"127.0.0.1", s.port(), "/good"};
        const auto senders = clients(s.port(), "/readings", 1);
        for (const auto& sender : senders) {
            sender->send_text("[" + event("a", 12, 0) + "," + event("a", 13, 0) + "," +
                              event("a", 26, 0) + "," + event("a", 14, 1) + "]");
            sender->send_text(event("a", 13, 2));
            sender->send_text(event("a", 15, 2));
            for (const auto* value : {"13", "26", "13"})
                REQUIRE(has(broken.receive()->payload, std::string{R"("value":)"} + value));
            for (const auto* value : {"12", "14", "15"})
                REQUIRE(has(good.receive()->payload, std::string{R"("value":)"} + value));
        }
        const auto now = snapshot_of(s);
        REQUIRE(now.pipelines[0].stats.events == 6 * senders.size());
        REQUIRE(now.pipelines[0].stats.failed == 3 * senders.size());
        REQUIRE(now.pipelines[0].stats.rejected == 0);
        REQUIRE(now.counters.handler_errors == 0);
        REQUIRE(now.counters.connections == 2 + senders.size());
    }
}

TEST_CASE("while a pipeline is behind its senders wait, and nothing is lost") {
    endpoint<tcp> s{several_loops()};
    std::promise<void> opened;
    const auto gate = opened.get_future().share();
    std::atomic<std::uint64_t> seen = 0;
    s.serve(from<reading>("readings") | filter([&](const reading&) {
                gate.wait();
                ++seen;
                return false;
            }) | publish("none"),
            {.duplex_path = "/both"});
    running thread{s};
    // The first loop gets one too, and can accept no more once it waits.
    websocket_client clients[loops] = {{"127.0.0.1", s.port(), "/readings", {}, 2s},
                                       {"127.0.0.1", s.port(), "/readings", {}, 2s},
                                       {"127.0.0.1", s.port(), "/both", {}, 2s}};
    constexpr std::uint64_t events_a_message = 1000;
    std::string message = "[";
    for (std::uint64_t i = 0; i != events_a_message; ++i)
        message += event("sensor with a name of some length", i, i) + ",";
    message.back() = ']';
    std::uint64_t sent = 0, are_waiting = 0;
    for (const std::size_t other : {1u, 2u}) {
        try {
            for (int n = 0; n < 2000; ++n, ++sent) clients[other].send_text(message);
        } catch (const std::system_error&) {
            ++are_waiting;
        }
    }
    opened.set_value();
    wait_until(s, [&](const auto&) { return seen == sent * events_a_message; });
    REQUIRE(are_waiting == 2);
    REQUIRE(snapshot_of(s).pipelines[0].stats.events == seen);
}

TEST_CASE("a text is published from any thread to the followers in all loops") {
    endpoint<tcp> s{several_loops()};
    auto& news = s.add_topic("news");
    REQUIRE_THROWS_AS(s.add_topic("news"), std::invalid_argument);
    REQUIRE_THROWS_AS(s.add_topic("other", {.duplex_path = "/both"}), std::invalid_argument);
    REQUIRE_THROWS_AS(s.add_topic("other", {.when_full = {{"news", overflow_policy::disconnect}}}),
                      std::invalid_argument);
    s.on_message("/tell", [&](connection&, std::string_view text) { s.publish(news, text); });
    running thread{s};
    const auto all = clients(s.port(), "/news", 1), sport = clients(s.port(), "/news?key=sport", 1),
               tellers = clients(s.port(), "/tell", 1);
    REQUIRE(has(http_get("127.0.0.1", s.port(), "/api/topics").body, R"("name":"news")"));
    for (const auto& each : tellers) {
        each->send_text("first");
        each->send_text("second");
        for (const auto& follower : all) {
            REQUIRE(follower->receive()->payload == "first");
            REQUIRE(follower->receive()->payload == "second");
        }
    }
    REQUIRE(s.publish(news, "goal", "sport"));
    for (const auto* group : {&all, &sport})
        for (const auto& each : *group) REQUIRE(each->receive()->payload == "goal");
    REQUIRE(!s.publish(news, std::string(endpoint_options{}.outbox_bytes + 1, 'x')));
}

TEST_CASE("followers in a loop that hangs lose records, or their connection where all are due") {
    auto options = several_loops();
    options.outbox_bytes = 64 * 1024 * 1024;
    endpoint<tcp> s{options};
    auto& some = s.add_topic("some");
    auto& every = s.add_topic("every", {.when_full = {{"every", overflow_policy::disconnect}}});
    std::promise<void> opened;
    const auto gate = opened.get_future().share();
    s.on_message("/hang", [gate](connection&, std::string_view) { gate.wait(); });
    running thread{s};
    const auto of_some = clients(s.port(), "/some", 1), of_every = clients(s.port(), "/every", 1),
               hanging = clients(s.port(), "/hang", 1);
    hanging[1]->send_text("now");
    // More than a queue of 64 batches holds.
    const std::string text(70'000, 'x');
    constexpr int count = 100;
    for (int i = 0; i < count; ++i) {
        std::promise<void> done;
        s.post([&] {
            s.publish(some, text);
            s.publish(every, text);
            done.set_value();
        });
        done.get_future().wait();
        for (const std::size_t free : {0u, 2u}) {
            REQUIRE(of_some[free]->receive()->payload.size() == text.size());
            REQUIRE(of_every[free]->receive()->payload.size() == text.size());
        }
    }
    REQUIRE(snapshot_of(s).counters.frames_dropped > 0);
    opened.set_value();
    // The next record for which there is room comes behind the news that some are lost.
    const auto publish = [&](topic& to, std::string_view what) {
        const auto dropped = [&] { return snapshot_of(s).counters.frames_dropped; };
        for (auto before = dropped();; before = dropped()) {
            s.publish(to, what);
            if (dropped() == before) return;
        }
    };
    int received = 0;
    auto message = of_every[1]->receive();
    publish(every, "on");
    for (; message && message->op != opcode::close; message = of_every[1]->receive()) ++received;
    REQUIRE(message);
    REQUIRE(message->code == close_code::try_again_later);
    REQUIRE(received < count);
    publish(some, "last");
    received = 0;
    while (of_some[1]->receive()->payload != "last") ++received;
    REQUIRE(received < count);
    REQUIRE(received > 20);
}

TEST_CASE("drain sends the connections of all loops away with 1012") {
    endpoint<tcp> s{several_loops()};
    s.on_message("/echo", echo{});
    running thread{s};
    const auto all = clients(s.port(), "/echo");
    s.drain(300ms);
    for (const auto& each : all) REQUIRE(each->receive()->code == close_code::service_restart);
    thread.join();
    REQUIRE(s.snapshot().counters.connections == 0);
}

TEST_CASE("an endpoint of several loops may be stopped and destroyed under load") {
    for (int round = 0; round < 5; ++round) {
        std::atomic<int> opened = 0, closed = 0;
        auto s = std::make_unique<endpoint<tcp>>(several_loops());
        struct counting {
            std::atomic<int>& opened;
            std::atomic<int>& closed;
            void on_open(connection&) { ++opened; }
            void operator()(connection& from, std::string_view text) { from.send(text); }
            void on_close(connection&) { ++closed; }
        };
        s->on_message("/echo", counting{opened, closed});
        s->serve(sums(), {.duplex_path = "/both"});
        std::thread serving{[&] { s->run(); }};
        const auto port = s->port();
        std::vector<std::thread> load;
        std::atomic<int> busy = 0;
        for (int i = 0; i < 6; ++i)
            load.emplace_back([&, port, i] {
                try {
                    websocket_client c{"127.0.0.1", port, i % 2 == 0 ? "/echo" : "/both"};
                    ++busy;
                    for (std::size_t n = 0;; ++n) {
                        c.send_text(event("s", n, n));
                        if (n % 16 == 0) static_cast<void>(c.receive(0ms));
                    }
                } catch (const std::system_error&) {
                }
            });
        while (busy != 6) std::this_thread::yield();
        if (round % 2 == 0) s->stop();
        s->stop();
        serving.join();
        s.reset();
        for (auto& each : load) each.join();
        REQUIRE(opened == closed);
        REQUIRE(opened == 3);
    }
}

TEST_CASE("an endpoint of several loops may go without having run") {
    endpoint<tcp> never{several_loops()};
    asio::io_context io;
    auto hosted = std::make_unique<endpoint<tcp>>(io, several_loops());
    hosted->serve(sums());
    std::thread host{[&] { io.run(); }};
    const auto port = hosted->port();
    {
        websocket_client c{"127.0.0.1", port, "/readings"}, d{"127.0.0.1", port, "/readings"};
        d.send_text(event("a", 1, 0) + "x");
        REQUIRE(has(d.receive()->payload, "error"));
    }
    hosted->stop();
    host.join();
    hosted.reset();
}
