#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <millrace/analyzers/mean.hpp>
#include <millrace/codec/json.hpp>
#include <millrace/endpoint/endpoint.hpp>
#include <millrace/operators/filter.hpp>
#include <millrace/pipeline/record_to.hpp>
#include <millrace/pipeline/replay.hpp>
#include <millrace/pipeline/union_of.hpp>
#include <millrace/testing/http_client.hpp>
#include <millrace/testing/websocket_client.hpp>
#include <millrace/windows/tumbling.hpp>

#include "catch.hpp"
#include "has.hpp"
#include "reading.hpp"
#include "running.hpp"
#include "temporary_folder.hpp"

using namespace millrace;
using namespace millrace::testing;
using namespace std::chrono_literals;

namespace {

/// Notes each record where the pipeline gives it.
auto means(std::vector<std::string>& out) {
    const auto note = [&out]<class Record>(const Record& record) {
        std::string& text = out.emplace_back();
        json::encoder<Record>{"sensor"}.encode(record, text);
        return true;
    };
    return union_of(from<reading>("left", by_producer{}), from<reading>("right", disorder{20ms})) |
           key_by("sensor", &reading::sensor) |
           window(tumbling{50ms}, lateness{30ms}, early{every{20ms}}, drop_late) |
           process<mean<&reading::value>>() | filter(note) | publish("means");
}

/// Has no room from the beginning.
struct full_journal {
    void begin(std::string_view) {}
    void append(std::string_view) {}
    std::error_code error() const { return errc::storage_full; }
};

void wait_until_taken(std::uint16_t port, int events) {
    const std::string count =
        R"(millrace_events_total{pipeline="left+right"} )" + std::to_string(events) + "\n";
    while (!has(http_get("127.0.0.1", port, "/metrics").body, count)) std::this_thread::yield();
}

}  // namespace

TEST_CASE("what an endpoint of several loops took in is replayed as it was") {
    const unsigned seed = test_seed();
    for (const std::size_t loops : {1u, 2u, 3u}) {
        CAPTURE(seed, loops);
        std::mt19937 random{seed};
        const temporary_folder folder;
        std::vector<std::string> out;
        {
            endpoint<tcp> server{{.port = 0,
                                  .address = "127.0.0.1",
                                  .loops = loops,
                                  .tick_interval = 5ms,
                                  .handle_signals = false}};
            server.serve(means(out), {}, record_to(folder / "input"));
            const running thread{server};
            const auto wait_for_events = [&](int count) { wait_until_taken(server.port(), count); };
            std::vector<std::unique_ptr<websocket_client>> senders;
            for (int i = 0; i < 6; ++i)
                senders.push_back(std::make_unique<websocket_client>(
                    "127.0.0.1", server.port(), i % 2 == 0 ? "/left" : "/right"));
            const auto begin = system_clock{}.wall() - 10s;
            for (int n = 0; n < 1200; ++n) {
                const auto time =
                    begin + std::chrono::milliseconds{n} - std::chrono::milliseconds{random() % 40};
                senders[random() % senders.size()]->send_text(
                    R"({"sensor":")" + std::string(1 + random() % 20, 'a') + R"(","value":)" +
                    std::to_string(random() % 100) + R"(,"time":)" +
                    std::to_string(time.time_since_epoch() / 1ms) + "}");
                if (n != 600) continue;
                wait_for_events(601);
                senders.erase(senders.begin());
            }
            wait_for_events(1200);
        }
        std::vector<std::string> again;
        auto run = replay(folder / "input", means(again), [](const auto&) {});
        CHECK_FALSE(run.run());
        CHECK(again.size() > 100);
        CHECK(again == out);
        CHECK(run.pipeline().stats().events == 1200);
    }
}

TEST_CASE("an operator is told once that a pipeline is recorded no more") {
    std::vector<std::string> out;
    std::vector<log_entry> told;
    endpoint_options options{
        .port = 0, .address = "127.0.0.1", .tick_interval = 1ms, .handle_signals = false};
    options.log = [&](const log_entry& entry) {
        if (entry.what == log_event::recording_failed) told.push_back(entry);
    };
    endpoint<tcp> server{std::move(options)};
    auto& pipeline = server.serve(means(out), {}, full_journal{});
    {
        const running thread{server};
        for (int i = 0; i < 20; ++i)
            CHECK(http_get("127.0.0.1", server.port(), "/readyz").status == 200);
        websocket_client sender{"127.0.0.1", server.port(), "/left"};
        sender.send_text(R"({"sensor":"a","value":1,"time":1})");
        wait_until_taken(server.port(), 1);
    }
    CHECK(pipeline.recording_error() == errc::storage_full);
    CHECK(told.size() == 1);
}
