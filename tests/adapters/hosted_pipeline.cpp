#include <millrace/adapters/hosted_pipeline.hpp>

#include <memory>
#include <stdexcept>
#include <vector>

#include <millrace/analyzers/count.hpp>
#include <millrace/operators/filter.hpp>
#include <millrace/pipeline/record_to.hpp>
#include <millrace/pipeline/replay.hpp>
#include <millrace/windows/tumbling.hpp>
#include <millrace/windows/windowing.hpp>

#include "catch.hpp"
#include "fake_server.hpp"
#include "temporary_folder.hpp"

using namespace millrace;

static_assert(pipeline_executor<fake_executor>);
static_assert(!pipeline_executor<fake_thread>);

namespace {

auto counts() {
    return from<tick>("in", processing_time) | key_by(&tick::id) |
           window(tumbling{std::chrono::hours{1}}, drop_late) | process<count>() |
           publish("counts");
}

}  // namespace

TEST_CASE("a hosted pipeline knows its paths, and keys where they are such") {
    fake_thread thread;
    hosted_pipeline streams{counts(), fake_executor{&thread}, {.duplex_path = "/ws"}};
    for (const char* each :
         {"/in", "/counts", "/counts?key=007", "/ws", "/ws?key=1", "/in?any=1", "/%69n"})
        REQUIRE(streams.knows(each));
    for (const char* each : {"/", "/out", "/counts?key=seven", "/ws?key=seven", "in", "/in/", "/..",
                             "", "/counts?key=1&key=2"})
        REQUIRE_FALSE(streams.knows(each));
}

TEST_CASE("a key on the duplex path is followed there, as on an endpoint") {
    fake_thread thread{.is_here = true};
    hosted_pipeline streams{from<tick>("in") | key_by(&tick::id) | publish("out"),
                            fake_executor{&thread},
                            {.duplex_path = "/ws"}};
    fake_client both;
    REQUIRE(both.open(streams, "/ws?key=02"));
    for (int id = 1; id != 4; ++id) both.send(json_of(id, 0));
    both.read();
    REQUIRE(both.socket->sent == std::vector{json_of(2, 0)});
}

TEST_CASE("finish publishes what is open, and connections close behind that") {
    fake_thread thread{.is_here = true};
    hosted_pipeline streams{counts(), fake_executor{&thread}};
    fake_client sender, all, other;
    REQUIRE((sender.open(streams, "/in") && all.open(streams, "/counts") &&
             other.open(streams, "/counts?key=2")));
    sender.send(json_of(1, 5));
    streams.tick();
    REQUIRE_FALSE(streams.finish());
    streams.close_connections();
    for (const auto* each : {&sender, &all, &other}) each->read();
    REQUIRE(all.socket->sent.size() == 1);
    REQUIRE(all.socket->sent[0].find(R"("id":1)") != std::string::npos);
    REQUIRE(other.socket->sent.empty());
    for (const auto* each : {&sender, &all, &other}) REQUIRE(each->socket->close_code == 1001);
}

TEST_CASE("settings that cannot be kept to are refused") {
    fake_thread thread;
    const auto make = [&](hosted_options options) {
        hosted_pipeline{counts(), fake_executor{&thread}, std::move(options)};
    };
    REQUIRE_THROWS_AS(make({.outbox_bytes = 0}), std::invalid_argument);
    REQUIRE_THROWS_AS(make({.server_buffer_bytes = 0}), std::invalid_argument);
    REQUIRE_THROWS_AS(make({.inbox_bytes = 0}), std::invalid_argument);
    REQUIRE_THROWS_AS(make({.duplex_path = "ws"}), std::invalid_argument);
    REQUIRE_THROWS_AS(make({.duplex_path = "/a b"}), std::invalid_argument);
    REQUIRE_THROWS_AS(make({.duplex_path = "/in"}), std::invalid_argument);
    REQUIRE_THROWS_AS(make({.when_full = {.own = {{"in", overflow_policy::conflate}}}}),
                      std::invalid_argument);
    REQUIRE_THROWS_AS(make({.when_full = {.own = {{"other", overflow_policy::conflate}}}}),
                      std::invalid_argument);
    REQUIRE_THROWS_AS(
        (hosted_pipeline{from<tick>("same") | publish("same"), fake_executor{&thread}}),
        std::invalid_argument);
    make({.when_full = {.own = {{"counts", overflow_policy::conflate}}}});
}

TEST_CASE("an input without a name is no path") {
    fake_thread thread;
    hosted_pipeline streams{from<tick>("") | publish("out"), fake_executor{&thread}};
    REQUIRE_FALSE(streams.knows("/"));
    REQUIRE(streams.knows("/out"));
}

TEST_CASE("the pipeline ends with the one that hosts it, though connections live on") {
    fake_thread thread{.is_here = true};
    fake_client reader;
    std::weak_ptr<int> held;
    {
        const auto captured = std::make_shared<int>(1);
        held = captured;
        hosted_pipeline streams{
            from<tick>("in") | filter([captured](const tick&) { return true; }) | publish("out"),
            fake_executor{&thread}};
        REQUIRE(reader.open(streams, "/out"));
    }
    REQUIRE(held.expired());
    reader.close();
}

TEST_CASE("what a hosted pipeline takes is kept, and replayed") {
    const temporary_folder folder;
    fake_thread thread{.is_here = true};
    fake_client sender;
    {
        hosted_pipeline streams{from<tick>("in") | publish("out"),
                                fake_executor{&thread},
                                {},
                                {},
                                record_to(folder / "in")};
        REQUIRE(sender.open(streams, "/in"));
        for (int i = 0; i != 5; ++i) sender.send(json_of(1, i));
        REQUIRE_FALSE(streams.running().recording_error());
    }
    int events = 0;
    auto again =
        replay(folder / "in", from<tick>("in") | publish("out"), [&](const tick&) { ++events; });
    REQUIRE_FALSE(again.run());
    REQUIRE(events == 5);
    sender.close();
}
