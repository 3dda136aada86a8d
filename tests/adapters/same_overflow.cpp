#include <millrace/adapters/foreign_connection.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <system_error>
#include <vector>

#include "../endpoint/server.hpp"
#include "catch.hpp"
#include "fake_server.hpp"

using namespace millrace;

namespace {

constexpr std::size_t message_bytes = 20, header_bytes = 2, overhead_bytes = 64;
constexpr std::size_t max_messages = 32;  ///< in an outbox

auto all_ticks() { return from<tick>("in") | key_by(&tick::id) | publish("out"); }

/// What one follower has read, and what its server says of it.
struct reading {
    std::vector<std::string> texts{};
    int close_code = 0;
};

struct losses {
    std::uint64_t dropped = 0, slow_disconnects = 0;
    int told = 0;

    bool operator==(const losses&) const = default;
};

/// A pipeline on an endpoint, and a follower that reads a frame at a time out of a pipe that holds
/// no more than one.
struct endpoint_side {
    explicit endpoint_side(overflow_policy policy)
        : s{{.outbox_bytes = max_messages * (message_bytes + header_bytes + overhead_bytes),
             .when_full = policy,
             .log = [this](const log_entry& e) { told += e.what == log_event::slow_consumer; }}} {
        slow.stall();
    }

    void send(const std::string& text) { sender.send_text(text); }

    void read_one() {
        std::array<char, message_bytes + header_bytes> frame{};
        std::error_code none;
        const std::size_t size = slow.stream().read_some(frame, none);
        slow.run();
        if (size == 0) return;
        const std::string payload{frame.data() + header_bytes, size - header_bytes};
        if ((frame[0] & 0x0F) != 8) return got.texts.push_back(payload);
        got.close_code =
            static_cast<unsigned char>(payload[0]) * 256 + static_cast<unsigned char>(payload[1]);
    }

    [[nodiscard]] bool is_read() { return slow.stream().available() == 0; }

    [[nodiscard]] losses lost() const {
        const auto counted = s.counters();
        return {counted.frames_dropped, counted.slow_disconnects, told};
    }

    int told = 0;
    server s;
    bool is_served = (s.endpoint.serve(all_ticks()), true);
    client sender{s, "/in"};
    client slow{s, "/out", {.capacity_bytes = message_bytes + header_bytes}};
    reading got{};
};

/// The same behind a server of another library, whose buffer holds one message.
struct adapter_side {
    explicit adapter_side(overflow_policy policy)
        : streams{
              all_ticks(),
              {&thread},
              {.when_full = {policy},
               .outbox_bytes = max_messages * (message_bytes + overhead_bytes),
               .server_buffer_bytes = 1,
               .log = [this](const log_entry& e) { told += e.what == log_event::slow_consumer; }}} {
        REQUIRE((sender.open(streams, "/in") && slow.open(streams, "/out")));
    }

    void send(const std::string& text) {
        sender.send(text);
        slow.run();
    }

    void read_one() {
        auto& socket = *slow.socket;
        if (got.texts.size() != socket.sent.size()) {
            got.texts.push_back(socket.sent[got.texts.size()]);
            socket.buffered -= got.texts.back().size();
            socket.is_woken = true;
        }
        slow.run();
        if (got.texts.size() == socket.sent.size()) got.close_code = socket.close_code;
    }

    [[nodiscard]] losses lost() const {
        return {streams.stats().dropped, streams.stats().slow_disconnects, told};
    }

    int told = 0;
    fake_thread thread{.is_here = true};
    hosted_pipeline<decltype(all_ticks()), fake_executor> streams;
    fake_client sender{}, slow{};
    reading got{};
};

}  // namespace

TEST_CASE("a slow follower gets the same, and loses the same, here and on an endpoint") {
    losses most;
    for (unsigned seed = 1; seed <= 60; ++seed) {
        CAPTURE(seed);
        std::mt19937 random{seed};
        const auto policy = static_cast<overflow_policy>(seed % 3);
        endpoint_side on_endpoint{policy};
        adapter_side here{policy};
        const unsigned reads = 1 + random() % 8;  // in ten steps
        int value = 100;  // of three digits, as all messages are of one size
        for (int step = 0; step != 300 && value < 980; ++step) {
            CAPTURE(step);
            if (random() % 10 < reads) {
                on_endpoint.read_one();
                here.read_one();
            } else {
                // An endpoint writes while it queues, where anything can be written.
                const auto burst = on_endpoint.is_read() ? 1 : 1 + random() % 6;
                std::string texts;
                for (unsigned i = 0; i != burst; ++i)
                    texts +=
                        (i == 0 ? "[" : ",") + json_of(static_cast<int>(random() % 6), value++);
                on_endpoint.send(texts + "]");
                here.send(texts + "]");
            }
            REQUIRE(here.lost() == on_endpoint.lost());
            REQUIRE(here.got.texts == on_endpoint.got.texts);
        }
        for (std::size_t i = 0; i != max_messages + 2; ++i) {
            on_endpoint.read_one();
            here.read_one();
        }
        REQUIRE(here.got.texts == on_endpoint.got.texts);
        REQUIRE(here.got.close_code == on_endpoint.got.close_code);
        most.dropped += here.lost().dropped;
        most.slow_disconnects += here.lost().slow_disconnects;
        most.told += here.lost().told;
    }
    REQUIRE((most.dropped > 1000 && most.slow_disconnects > 5 && most.told > 20));
}
