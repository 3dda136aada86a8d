#include <millrace/endpoint/detail/event_queue.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <asio/io_context.hpp>

#include <millrace/codec/json.hpp>

#include "catch.hpp"

using namespace millrace;
using namespace millrace::detail;

namespace {

struct named {
    std::string_view name;
};

}  // namespace

template <>
inline constexpr auto millrace::schema<named> = millrace::fields(millrace::field{"name",
                                                                                 &named::name});

namespace {

struct recording {
    using event_type = named;
    using decoder_type = json::decoder<named>;

    std::vector<std::string> got;
    std::uint64_t rejected = 0;

    codec_limits limits() const { return {}; }
    void push(const named& one) {
        if (one.name == "throw") throw 1;
        got.emplace_back(one.name);
    }
    void reject(std::uint64_t events) { rejected += events; }
};

/// Two loops of one thread, that run when told to.
struct two_loops {
    asio::io_context near_io, far_io;
    std::shared_ptr<loop> near = std::make_shared<loop>(near_io);
    std::shared_ptr<loop> home = std::make_shared<loop>(far_io);
    recording pipeline;
    std::shared_ptr<event_queue<recording>> batch_queue =
        std::make_shared<event_queue<recording>>(pipeline, home, std::make_shared<mailbox>(far_io),
                                                 near, std::make_shared<mailbox>(near_io));
    std::size_t errors = 0;

    void receive(std::string message) {
        message.push_back('\0');
        batch_queue->receive(std::span{message}.first(message.size() - 1),
                             [this](const input_error&) { ++errors; });
    }
    static void run(asio::io_context& io) {
        io.restart();
        io.poll();
    }
    void run() {
        run(near_io);
        run(far_io);
    }
};

}  // namespace

TEST_CASE("events are decoded here and taken there, and an error stays with its sender") {
    two_loops l;
    l.receive(R"({"name":"a"})");
    l.receive(R"([{"name":"b"},{},{"name":"throw"},{"name":"c"}])");
    REQUIRE(l.errors == 1);
    REQUIRE(l.pipeline.got.empty());
    l.run();
    REQUIRE(l.pipeline.got == std::vector<std::string>{"a", "b", "c"});
    REQUIRE(l.pipeline.rejected == 1);
    REQUIRE(l.home->counters.handler_errors == 1u);
}

TEST_CASE("a batch_queue tells when it is full, and when it is so no longer") {
    two_loops l;
    std::vector<bool> told;
    l.batch_queue->watch([&](bool is_full) { told.push_back(is_full); });
    std::string message = "[";
    for (std::size_t i = 0; i != event_queue<recording>::max_batch_events; ++i)
        message += R"({"name":"x"},)";
    message.back() = ']';
    std::size_t sent = 0;
    for (; !l.batch_queue->is_full(); ++sent) l.receive(message);
    REQUIRE(sent == batch_queue<event_batch<named>>::slots);
    REQUIRE(told == std::vector{true});
    l.run(l.far_io);
    REQUIRE(l.pipeline.got.size() == sent * event_queue<recording>::max_batch_events);
    REQUIRE(told == std::vector{true});
    l.run(l.near_io);
    REQUIRE(told == std::vector{true, false});
    l.receive(R"({"name":"last"})");
    l.run();
    REQUIRE(l.pipeline.got.back() == "last");
}

TEST_CASE("a shut batch_queue sends what it has and takes no more; a closed one takes nothing") {
    two_loops l;
    l.receive(R"({"name":"a"})");
    l.batch_queue->shut();
    l.receive(R"({"name":"b"})");
    l.batch_queue->drain();
    l.run();
    REQUIRE(l.pipeline.got == std::vector<std::string>{"a"});

    two_loops closed;
    closed.receive(R"({"name":"a"})");
    closed.batch_queue->shut();
    closed.batch_queue->close();
    closed.run();
    REQUIRE(closed.pipeline.got.empty());
}
