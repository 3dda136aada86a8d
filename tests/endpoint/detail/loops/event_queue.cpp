#include <millrace/endpoint/detail/loops/event_queue.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <asio/io_context.hpp>

#include <millrace/codec/json.hpp>
#include <millrace/endpoint/connection.hpp>

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
    struct event_check_type {
        void begin_batch() {}
        errc operator()(const named& one) const {
            if (one.name == "unchecked") throw 1;
            return one.name.size() < 100 ? errc{} : errc::key_too_long;
        }
    };

    std::vector<std::string> got;
    std::uint64_t rejected = 0;

    std::size_t due = 0;  // windows that wait; an event called "close" brings three

    codec_limits limits() const { return {}; }
    void close_in_slices(std::size_t) {}
    bool is_behind() const { return due != 0; }
    bool waits_for_room() const { return false; }
    bool resume() {
        got.emplace_back("closed");
        return --due == 0;
    }
    event_check_type event_check() const { return {}; }
    errc check(const named& one) const { return event_check()(one); }
    static constexpr bool has_producers = true;
    std::vector<std::uint64_t> producers;  ///< whose the events were
    std::vector<std::string> left;         ///< who has left, behind how many events

    void leave(std::uint64_t producer) {
        left.push_back(std::to_string(producer) + " behind " + std::to_string(got.size()));
    }
    void begin_batch() {}
    std::size_t waiting = 0;  ///< events of a batch that has not ended
    bool has_failed = false;
    errc push_next(const named& one, std::uint64_t producer) {
        if (one.name == "refused") {
            ++rejected;
            return errc::too_far_ahead;
        }
        producers.push_back(producer);
        ++waiting;
        if (one.name == "throw") {
            has_failed = true;
            return errc::handler_failed;
        }
        while (is_behind()) resume();
        got.emplace_back(one.name);
        if (one.name == "close") due = 3;
        return {};
    }
    void end_batch() {
        waiting = 0;
        if (std::exchange(has_failed, false)) throw 1;
    }
    static errc answer(errc of) { return of == errc::handler_failed ? errc{} : of; }
    std::uint64_t taken() const {
        return static_cast<std::uint64_t>(
            std::ranges::count_if(got, [](const std::string& name) { return name != "closed"; }));
    }
    void reject(std::uint64_t events) { rejected += events; }
};

/// A connection without a socket, of which the queue alone knows.
class sender final : public connection {
public:
    sender(std::shared_ptr<detail::loop> loop, std::uint64_t id)
        : connection{std::move(loop), default_options(), id} {
        is_open_ = true;
    }
    void flush() override { is_scheduled_ = false; }
    [[nodiscard]] bool is_paused() const noexcept { return is_paused_; }

private:
    static const endpoint_options& default_options() {
        static const endpoint_options options;
        return options;
    }
    websocket::frame compress(const websocket::frame& message) override { return message; }
    void write_out() override {}
};

/// Two loops of one thread, that run when told to, and two who send in one of them.
struct two_loops {
    asio::io_context near_io, far_io;
    std::shared_ptr<loop> near = std::make_shared<loop>(near_io);
    std::shared_ptr<loop> pipeline_loop = std::make_shared<loop>(far_io);
    recording pipeline;
    std::shared_ptr<closing_turns<recording>> closing =
        std::make_shared<closing_turns<recording>>(pipeline, pipeline_loop);
    std::shared_ptr<event_queue<recording>> queue = std::make_shared<event_queue<recording>>(
        pipeline, closing, pipeline_loop, std::make_shared<mailbox>(far_io), near,
        std::make_shared<mailbox>(near_io));
    std::shared_ptr<sender> ann = std::make_shared<sender>(near, 1),
                            bob = std::make_shared<sender>(near, 2);
    std::size_t errors = 0;

    two_loops() {
        queue->enter(*ann);
        queue->enter(*bob);
    }
    void receive(sender& from, std::string message) {
        message.push_back('\0');
        queue->receive(from, std::span{message}.first(message.size() - 1),
                       [this](const input_error&) { ++errors; });
    }
    void receive(std::string message) { receive(*ann, std::move(message)); }

    /// From the pipeline's own loop.
    std::shared_ptr<event_queue<recording>> local_queue() {
        const auto of_far = std::make_shared<mailbox>(far_io);
        return std::make_shared<event_queue<recording>>(pipeline, closing, pipeline_loop, of_far,
                                                        pipeline_loop, of_far);
    }

    /// What posts were told, such as "3: 1 taken" or "3: 1 taken, failed".
    std::vector<std::string> told;
    void post(event_queue<recording>& to, std::uint64_t id, std::string message) {
        message.push_back('\0');
        to.post(
            id, std::span{message}.first(message.size() - 1),
            [this](const input_error&) { ++errors; },
            [this, id](std::uint64_t taken, bool has_failed) {
                told.push_back(std::to_string(id) + ": " + std::to_string(taken) + " taken" +
                               (has_failed ? ", failed" : ""));
            });
    }

    /// Sends until no batch is free; how many messages that took, each of a batch's events.
    std::size_t fill() {
        std::string message = "[";
        for (std::size_t i = 0; i != event_queue<recording>::max_batch_events; ++i)
            message += R"({"name":"x"},)";
        message.back() = ']';
        std::size_t sent = 0;
        for (; !queue->is_full(); ++sent) receive(message);
        return sent;
    }
    static void run(asio::io_context& io) {
        io.restart();
        io.poll();
    }
    void run() {
        run(near_io);
        run(far_io);
        run(near_io);
    }
};

}  // namespace

TEST_CASE("events are decoded here and taken there, and an error stays with its sender") {
    two_loops l;
    l.receive(R"({"name":"a"})");
    l.receive(R"([{"name":"b"},{},{"name":"c"}])");
    REQUIRE(l.errors == 1);
    REQUIRE(l.pipeline.got.empty());
    l.run();
    REQUIRE(l.pipeline.got == std::vector<std::string>{"a", "b", "c"});
    REQUIRE(l.pipeline.rejected == 1);
}

TEST_CASE("a key too long is refused where it came in, once") {
    two_loops l;
    l.receive(R"([{"name":"a"},{"name":")" + std::string(100, 'x') + R"("},{"name":"c"}])");
    REQUIRE(l.errors == 1);
    l.run();
    REQUIRE(l.pipeline.got == std::vector<std::string>{"a", "c"});
    REQUIRE(l.pipeline.rejected == 1);
}

TEST_CASE("while a queue is full none of its senders is read, whoever filled it") {
    two_loops l;
    const std::size_t sent = l.fill();
    REQUIRE(sent == batch_queue<event_batch<named>>::slots);
    REQUIRE(l.ann->is_paused());
    REQUIRE(l.bob->is_paused());
    const auto late = std::make_shared<sender>(l.near, 3);
    l.queue->enter(*late);
    REQUIRE(late->is_paused());
    l.queue->leave(*l.bob);
    l.run(l.far_io);
    REQUIRE(l.pipeline.got.size() == sent * event_queue<recording>::max_batch_events);
    REQUIRE(l.ann->is_paused());
    l.run(l.near_io);
    REQUIRE(!l.ann->is_paused());
    REQUIRE(!late->is_paused());
    REQUIRE(l.bob->is_paused());
    l.receive(*late, R"({"name":"last"})");
    l.run();
    REQUIRE(l.pipeline.got.back() == "last");
}

TEST_CASE("who sent what a pipeline throws at is closed, and all but that is taken") {
    two_loops l;
    l.receive(*l.ann, R"([{"name":"a1"},{"name":"throw"},{"name":"a2"}])");
    l.receive(*l.bob, R"({"name":"b1"})");
    l.receive(*l.ann, R"({"name":"a3"})");
    l.receive(*l.bob, R"({"name":"b2"})");
    l.run(l.near_io);
    l.receive(*l.ann, R"({"name":"a4"})");
    l.run(l.near_io);
    REQUIRE(l.ann->is_open());
    l.run(l.far_io);
    REQUIRE(l.pipeline.got == std::vector<std::string>{"a1", "a2", "b1", "a3", "b2", "a4"});
    REQUIRE(l.pipeline_loop->counters.handler_errors == 1u);
    REQUIRE(l.pipeline.waiting == 0);
    l.run(l.near_io);
    REQUIRE(!l.ann->is_open());
    REQUIRE(l.bob->is_open());
    REQUIRE(l.ann->queued_bytes() != 0);
}

TEST_CASE("in the pipeline's own loop who fails is closed before it can send on") {
    two_loops l;
    const auto local = l.local_queue();
    const auto cid = std::make_shared<sender>(l.pipeline_loop, 3);
    local->enter(*cid);
    std::string message = R"([{"name":"close"},{"name":"throw"},{"name":"c1"}])";
    message.push_back('\0');
    local->receive(*cid, std::span{message}.first(message.size() - 1), [](const input_error&) {});
    l.far_io.restart();
    while (l.pipeline_loop->counters.handler_errors == 0u) REQUIRE(l.far_io.poll_one() == 1);
    REQUIRE(!cid->is_open());
    l.run();
    REQUIRE(l.pipeline.got ==
            std::vector<std::string>{"close", "closed", "closed", "closed", "c1"});
    local->leave(*cid);
    l.run();
}

TEST_CASE("in the pipeline's own loop messages that came together are a batch") {
    two_loops l;
    const auto local = l.local_queue();
    const auto cid = std::make_shared<sender>(l.pipeline_loop, 3);
    local->enter(*cid);
    const auto send = [&](std::string message) {
        message.push_back('\0');
        return local->receive(*cid, std::span{message}.first(message.size() - 1),
                              [&](const input_error&) { ++l.errors; });
    };
    REQUIRE(send(R"([{"name":"a"},{"name":"throw"},{"name":"b"}])") == 2);
    REQUIRE(send(R"({"name":"c"})") == 1);
    REQUIRE(l.errors == 0);
    REQUIRE(l.pipeline.waiting == 4);
    REQUIRE_THROWS_AS(local->end_batch(), int);
    REQUIRE(l.pipeline.waiting == 0);
    REQUIRE(l.pipeline.got == std::vector<std::string>{"a", "b", "c"});
    REQUIRE_THROWS_AS(send(R"([{"name":"d"},{"name":"unchecked"},{"name":"e"}])"), int);
    REQUIRE(l.pipeline.got == std::vector<std::string>{"a", "b", "c", "d", "e"});
    REQUIRE(l.pipeline.rejected == 1);
    local->end_batch();
    local->leave(*cid);
    l.run();
}

TEST_CASE("who failed and is gone is not missed, and its place may be another's") {
    two_loops l;
    l.receive(*l.ann, R"({"name":"throw"})");
    l.run(l.near_io);
    l.queue->leave(*l.ann);
    l.queue->leave(*l.ann);
    l.queue->enter(*l.ann);
    l.receive(*l.ann, R"({"name":"again"})");
    l.run();
    REQUIRE(l.pipeline.got == std::vector<std::string>{"again"});
    REQUIRE(l.ann->is_open());
}

TEST_CASE(
    "the pipeline knows whose an event is, and that a connection is closed, behind its last") {
    two_loops l;
    l.receive(*l.ann, R"([{"name":"a1"},{"name":"a2"}])");
    l.receive(*l.bob, R"({"name":"b1"})");
    l.queue->leave(*l.ann);
    REQUIRE(l.pipeline.left.empty());
    l.run();
    REQUIRE(l.pipeline.producers == std::vector<std::uint64_t>{1, 1, 2});
    REQUIRE(l.pipeline.left == std::vector<std::string>{"1 behind 3"});

    l.queue->enter(*l.ann);
    const std::size_t sent = l.fill() * event_queue<recording>::max_batch_events;
    l.queue->leave(*l.bob);  // while no batch is free
    l.run();
    l.run();
    REQUIRE(l.pipeline.left.back() == "2 behind " + std::to_string(3 + sent));
}

TEST_CASE("a shut queue sends what it has and takes no more; a closed one takes nothing") {
    two_loops l;
    l.receive(R"({"name":"a"})");
    l.queue->shut();
    l.receive(R"({"name":"b"})");
    l.queue->drain();
    l.run();
    REQUIRE(l.pipeline.got == std::vector<std::string>{"a"});

    two_loops closed;
    closed.receive(R"({"name":"a"})");
    closed.queue->shut();
    closed.queue->close();
    closed.run();
    REQUIRE(closed.pipeline.got.empty());
}

TEST_CASE("a full queue may be shut, drained and closed") {
    two_loops l;
    const std::size_t sent = l.fill();
    l.queue->shut();
    l.queue->drain();
    l.queue->close();
    REQUIRE(l.pipeline.got.size() == sent * event_queue<recording>::max_batch_events);
    l.run();
    REQUIRE(!l.ann->is_paused());
}

TEST_CASE("what comes while windows close waits, in order, in the pipeline's loop and in others") {
    two_loops l;
    l.receive(R"([{"name":"a"},{"name":"close"},{"name":"b"},{"name":"c"}])");
    l.receive(*l.bob, R"({"name":"d"})");
    l.run(l.near_io);
    REQUIRE(l.pipeline.got.empty());
    l.far_io.restart();
    l.far_io.poll_one();  // the batch, up to where the pipeline is behind
    REQUIRE(l.pipeline.got == std::vector<std::string>{"a", "close"});
    l.far_io.poll_one();
    REQUIRE(l.pipeline.got.size() == 3);
    l.run();
    const std::vector<std::string> all{"a", "close", "closed", "closed", "closed", "b", "c", "d"};
    REQUIRE(l.pipeline.got == all);

    const auto local = l.local_queue();
    local->enter(*l.ann);
    l.pipeline.got.clear();
    std::string message = R"([{"name":"a"},{"name":"close"},{"name":"b"},{"name":"c"},{}])";
    const auto send = [&] {
        std::string text = message + '\0';
        return local->receive(*l.ann, std::span{text}.first(message.size()),
                              [&](const input_error&) { ++l.errors; });
    };
    REQUIRE(send() == 4);
    REQUIRE(l.errors == 1);
    REQUIRE(l.pipeline.got == std::vector<std::string>{"a", "close"});
    message = R"({"name":"d"})";
    REQUIRE(send() == 1);
    REQUIRE(l.pipeline.got.size() == 2);
    l.run();
    REQUIRE(l.pipeline.got == all);
    send();
    REQUIRE(l.pipeline.got.back() == "d");
    REQUIRE(l.pipeline.got.size() == all.size() + 1);
    message = R"([{"name":"close"},{"name":"e"}])";
    send();
    l.closing->close();
    local->drain();
    REQUIRE(l.pipeline.got.back() == "e");
    local->leave(*l.ann);
    l.run();
}

TEST_CASE("who posts is told what was taken of it, in the pipeline's loop and in others alike") {
    const bool is_local = GENERATE(false, true);
    two_loops l;
    const auto queue = is_local ? l.local_queue() : l.queue;
    l.post(*queue, 7, R"([{"name":"a"},{},{"name":"throw"},{"name":"b"},{}])");
    l.post(*queue, 8, R"([{"name":"c"},{"name":"d"}])");
    REQUIRE(l.errors == 2);
    l.run(l.near_io);
    REQUIRE(l.told.empty());
    l.run();
    REQUIRE(l.told == std::vector<std::string>{"7: 2 taken, failed", "8: 2 taken"});
    REQUIRE(l.pipeline.got == std::vector<std::string>{"a", "b", "c", "d"});
    REQUIRE(l.pipeline.rejected == 2);
    REQUIRE(l.pipeline_loop->counters.handler_errors == 1u);
}

TEST_CASE("a post of which nothing is kept is told so at once, what failed to be decoded as well") {
    const bool is_local = GENERATE(false, true);
    two_loops l;
    const auto queue = is_local ? l.local_queue() : l.queue;
    l.post(*queue, 1, "[]");
    l.post(*queue, 2, "[{}]");
    l.post(*queue, 3, R"({"name":"unchecked"})");
    const std::vector<std::string> at_once{"1: 0 taken", "2: 0 taken", "3: 0 taken, failed"};
    REQUIRE(l.told == at_once);
    l.run();
    REQUIRE(l.told == at_once);
    l.post(*queue, 4, R"([{"name":"a"},{"name":"unchecked"},{"name":"b"}])");
    l.run();
    REQUIRE(l.told.back() == "4: 2 taken, failed");
    REQUIRE(l.pipeline.got == std::vector<std::string>{"a", "b"});
    REQUIRE(l.pipeline.rejected == 3);
}

TEST_CASE("a post waits for windows that close in front of its events") {
    const bool is_local = GENERATE(false, true);
    two_loops l;
    const auto queue = is_local ? l.local_queue() : l.queue;
    l.post(*queue, 1, R"([{"name":"a"},{"name":"close"}])");
    l.post(*queue, 2, R"([{"name":"b"},{"name":"close"},{"name":"throw"},{"name":"c"}])");
    const auto run_some = [&](std::size_t closed) {
        const auto count = [&] { return std::ranges::count(l.pipeline.got, "closed"); };
        while (count() != static_cast<std::ptrdiff_t>(closed)) {
            l.run(l.near_io);
            l.far_io.restart();
            l.far_io.poll_one();
        }
        l.run(l.near_io);
    };
    run_some(1);
    REQUIRE(l.told == std::vector<std::string>{"1: 2 taken"});
    run_some(5);
    REQUIRE(l.told.size() == 1);
    l.run();
    REQUIRE(l.told == std::vector<std::string>{"1: 2 taken", "2: 3 taken, failed"});
    REQUIRE(l.pipeline.got == std::vector<std::string>{"a", "close", "closed", "closed", "closed",
                                                       "b", "close", "closed", "closed", "closed",
                                                       "c"});
}

TEST_CASE("a post that is on its way when all ends is forgotten") {
    const bool is_local = GENERATE(false, true);
    const auto answer = std::make_shared<int>();
    {
        two_loops l;
        const auto queue = is_local ? l.local_queue() : l.queue;
        for (int i = 0; i != 3; ++i) {
            std::string message = R"({"name":"a"})";
            message.push_back('\0');
            queue->post(
                1, std::span{message}.first(message.size() - 1), [](const input_error&) {},
                [answer](std::uint64_t, bool) { ++*answer; });
            l.run(is_local ? l.near_io : l.far_io);
        }
        queue->close();
        l.run();
    }
    REQUIRE(*answer == 0);
    REQUIRE(answer.use_count() == 1);
}
