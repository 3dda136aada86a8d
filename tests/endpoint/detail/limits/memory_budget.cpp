#include <millrace/endpoint/detail/limits/memory_budget.hpp>

#include <algorithm>
#include <functional>
#include <future>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <millrace/testing/websocket_client.hpp>
#include <millrace/websocket/permessage_deflate.hpp>

#include "../../running.hpp"
#include "../../server.hpp"

using namespace millrace;

namespace {

constexpr std::size_t megabyte = 1024 * 1024;

/// "N" is answered by N bytes, which no other connection holds.
struct generous {
    void operator()(connection& from, std::string_view message) const {
        from.send(std::string(std::stoul(std::string{message}), 'x'));
    }
};

/// An endpoint of 8 MB, and what it logs of them.
struct small_server {
    int told = 0;
    server s;

    explicit small_server(endpoint_options options = {}) : s{with(std::move(options))} {
        s.endpoint.on_message("/give", generous{});
        s.endpoint.on_message("/take", [](connection& from, std::string_view message) {
            from.send(std::to_string(message.size()));
        });
    }
    endpoint_options with(endpoint_options options) {
        options.max_memory_bytes = 8 * megabyte;
        options.log = [this](const log_entry& line) {
            if (line.what == log_event::memory_exhausted && line.connection == 0) ++told;
        };
        return options;
    }
    [[nodiscard]] std::uint64_t memory() { return s.counters().memory_bytes; }
};

using clients = std::vector<std::unique_ptr<client>>;

std::size_t ended(const clients& all) {
    std::size_t count = 0;
    for (const auto& each : all) {
        each->stall(false);
        if (each->is_ended()) ++count;
    }
    return count;
}

/// A client that takes 1,000 bytes and then nothing more.
std::unique_ptr<client> stalled(server& to, std::string_view path) {
    auto made = std::make_unique<client>(to, path, memory_stream_options{.capacity_bytes = 1000});
    made->stall();
    return made;
}

}  // namespace

TEST_CASE("the largest of all loops are chosen, and no more than are needed") {
    std::mt19937 random{7};
    for (int round = 0; round != 500; ++round) {
        std::vector<std::vector<std::size_t>> sizes(1 + random() % 4);
        std::vector<std::size_t> all;
        for (auto& loop : sizes) {
            for (auto n = random() % 6; n != 0; --n) loop.push_back(random() % 100);
            std::sort(loop.begin(), loop.end(), std::greater<>{});
            all.insert(all.end(), loop.begin(), loop.end());
        }
        std::sort(all.begin(), all.end(), std::greater<>{});
        const std::size_t excess = random() % 300;
        std::vector<std::size_t> expected;
        std::size_t sum = 0;
        for (const std::size_t each : all) {
            if (sum >= excess || each == 0) break;
            sum += each;
            expected.push_back(each);
        }
        const auto counts = detail::largest_of_all(sizes, excess);
        std::vector<std::size_t> chosen;
        for (std::size_t i = 0; i != sizes.size(); ++i)
            for (std::size_t j = 0; j != counts[i]; ++j) chosen.push_back(sizes[i][j]);
        std::sort(chosen.begin(), chosen.end(), std::greater<>{});
        REQUIRE(chosen == expected);
    }
}

TEST_CASE("what a WebSocket keeps of its request counts") {
    small_server own;
    const std::string target = "/take?" + std::string(7'000, 'x');
    clients open;
    for (int i = 0; i != 50; ++i) open.push_back(std::make_unique<client>(own.s, target));
    own.s.advance(0s);
    REQUIRE(own.memory() > 50 * 7'000);
    open.clear();
    own.s.advance(0s);
    REQUIRE(own.memory() < 50 * 7'000 / 2);
}

TEST_CASE("many that never read are ended, the others served, and memory stays within its limit") {
    small_server own;
    client modest{own.s, "/take"};
    clients readers;
    std::uint64_t most = 0;
    for (int i = 0; i != 40; ++i) {
        readers.push_back(stalled(own.s, "/give"));
        readers.back()->send_text("900000");
        most = std::max(most, own.memory());
        modest.send_text("still here?");
        REQUIRE(modest.next_text() == "11");
    }
    REQUIRE(most > 7 * megabyte);
    REQUIRE(most <= 8 * megabyte + megabyte);
    const auto counters = own.s.counters();
    REQUIRE(counters.memory_ended > 20);
    REQUIRE(counters.connections == 41 - counters.memory_ended);
    REQUIRE(ended(readers) == counters.memory_ended);
    REQUIRE(own.told > 0);
}

TEST_CASE("those that hold the most are ended first, and told so") {
    small_server own;
    clients all;
    std::mt19937 random{3};
    std::vector<std::size_t> sizes;
    for (int i = 0; i != 10; ++i) sizes.insert(sizes.end(), {40'000, 400'000});
    std::shuffle(sizes.begin(), sizes.end(), random);
    for (const std::size_t size : sizes) {
        all.push_back(stalled(own.s, "/give"));
        all.back()->send_text(std::to_string(size));
    }
    REQUIRE(own.s.counters().memory_ended == 0);
    while (own.s.counters().memory_ended == 0) {
        REQUIRE(all.size() < 200);
        all.push_back(stalled(own.s, "/give"));
        sizes.push_back(40'000);
        all.back()->send_text("40000");
    }
    for (std::size_t i = 0; i != sizes.size(); ++i) {
        all[i]->stall(false);
        if (all[i]->is_ended()) REQUIRE(sizes[i] == 400'000);
    }
}

TEST_CASE("what many share counts once: followers of one topic are not ended for it") {
    small_server own;
    auto& topic = own.s.endpoint.add_topic("t");
    clients followers;
    for (int i = 0; i != 50; ++i) followers.push_back(stalled(own.s, "/t"));
    for (int i = 0; i != 100; ++i) own.s.endpoint.publish(topic, std::string(9'000, 'x'));
    own.s.run();
    REQUIRE(own.memory() > 600'000);
    REQUIRE(own.memory() < 2 * megabyte);

    // One that holds a ninth of that for itself is larger than each of them.
    clients greedy;
    for (int i = 0; i != 10; ++i) {
        greedy.push_back(stalled(own.s, "/give"));
        greedy.back()->send_text("800000");
    }
    REQUIRE(own.s.counters().memory_ended > 0);
    REQUIRE(ended(greedy) == own.s.counters().memory_ended);
    REQUIRE(ended(followers) == 0);
}

TEST_CASE("compressed messages without an end are counted as they inflate") {
    const auto deflate = std::make_shared<websocket::permessage_deflate>();
    small_server own{{.compression = deflate}};
    auto packer = deflate->accept("permessage-deflate").connection;
    std::string text(megabyte - 1, 'x'), packed;
    for (std::size_t i = 0; i < text.size(); i += 50) text[i] = static_cast<char>('a' + i % 26);
    REQUIRE(packer->compress(text, packed));
    std::string begun;
    websocket::append_masked_frame(begun, opcode::binary, packed, 1, false, true);
    REQUIRE(begun.size() < 50'000);

    std::uint64_t most = 0;
    std::vector<std::unique_ptr<memory_client>> all;
    for (int i = 0; i != 40; ++i) {
        all.push_back(std::make_unique<memory_client>(own.s.io, own.s.wire));
        REQUIRE(all.back()->upgrade("/take", {}, deflate.get()));
        all.back()->send_raw(begun);
        most = std::max(most, own.memory());
    }
    REQUIRE(most <= 8 * megabyte + 2 * megabyte);
    REQUIRE(own.s.counters().memory_ended > 20);
    client modest{own.s, "/take"};
    modest.send_text("12345");
    REQUIRE(modest.next_text() == "5");
}

TEST_CASE("answers, messages and queues count together, and the modest go on") {
    small_server own;
    auto& topic = own.s.endpoint.add_topic("t");
    for (int i = 0; i != 4'000; ++i) own.s.endpoint.add_topic("topic" + std::to_string(i));
    std::mt19937 random{5};
    client modest{own.s, "/take"}, follower{own.s, "/t"};
    std::vector<std::unique_ptr<memory_client>> all;
    for (int i = 0; i != 120; ++i) {
        all.push_back(std::make_unique<memory_client>(
            own.s.io, own.s.wire, memory_stream_options{.capacity_bytes = 1'000}));
        auto& who = *all.back();
        const auto kind = random() % 3;
        if (kind == 0) {
            who.stall();
            who.send_raw("GET /api/topics HTTP/1.1\r\nHost: memory\r\n\r\n");
        } else if (who.upgrade(kind == 1 ? "/take" : "/give")) {
            who.stall();
            if (kind == 1)
                who.send(opcode::binary, std::string(300'000, 'x'), false);
            else
                who.send_text("300000");
        }
        own.s.endpoint.publish(topic, "record", "key");
        own.s.run();
        REQUIRE(own.memory() <= 9 * megabyte);
        modest.send_text("1234");
        REQUIRE(modest.next_text() == "4");
        REQUIRE(follower.next_text() == "record");
    }
    REQUIRE(own.s.counters().memory_ended > 50);
}

TEST_CASE("what was counted is given back, whatever the connections did") {
    const auto deflate = std::make_shared<websocket::permessage_deflate>();
    small_server own{{.compression = deflate}};
    auto& topic = own.s.endpoint.add_topic("t", {.when_full = {{"t", overflow_policy::conflate}}});
    const unsigned seed = GENERATE(1u, 2u, 3u);
    CAPTURE(seed);
    std::mt19937 random{seed};
    std::vector<std::unique_ptr<memory_client>> all;
    for (int step = 0; step != 1'500; ++step) {
        const auto choice = random() % 10;
        if (all.size() < 5 || choice == 0) {
            constexpr std::string_view paths[]{"/give", "/take", "/t"};
            memory_stream_options wire;
            if (random() % 2 == 0) wire.capacity_bytes = 2'000;
            if (random() % 4 == 0) wire.operations_until_reset = random() % 50;
            all.push_back(std::make_unique<memory_client>(own.s.io, own.s.wire, wire));
            all.back()->upgrade(paths[random() % 3], {}, random() % 2 ? deflate.get() : nullptr);
            continue;
        }
        auto& who = all[random() % all.size()];
        if (choice == 1) {
            if (random() % 2 == 0) who->close();
            std::swap(who, all.back());
            all.pop_back();
        } else if (choice == 2) {
            who->stall(random() % 2 == 0);
        } else if (choice == 3) {
            own.s.endpoint.publish(topic, std::string(random() % 30'000, 'r'),
                                   std::to_string(random() % 5));
            own.s.run();
        } else if (choice == 4) {
            who->send(opcode::binary, std::string(random() % 50'000, 'f'), false);
        } else if (choice == 5) {
            own.s.advance(std::chrono::milliseconds{random() % 2'000});
        } else {
            who->send_text(std::to_string(random() % 300'000));
        }
        REQUIRE(own.memory() <= 10 * megabyte);
    }
    all.clear();
    own.s.advance(1s);
    own.s.advance(100s);
    own.s.advance(100s);
    REQUIRE(own.s.counters().connections == 0);
    REQUIRE(own.memory() <= megabyte);  // what the pool keeps
}

TEST_CASE("a message that does not come to its end is cut off, a slow one is not") {
    small_server own;
    client idle{own.s, "/take"}, dawdling{own.s, "/take"}, slow{own.s, "/take"};
    dawdling.send(opcode::text, "begun", false);
    slow.send(opcode::text, "begun", false);
    std::size_t sent = 5;
    for (int second = 0; second != 29; ++second) {
        own.s.advance(1s);
        dawdling.send(opcode::ping, {});
        dawdling.send(opcode::continuation, "x", false);
        slow.send(opcode::continuation, std::string(600, 'x'), false);
        sent += 600;
    }
    REQUIRE(own.s.counters().timeouts == 0);
    own.s.advance(1s);
    REQUIRE(own.s.counters().timeouts == 1);
    REQUIRE(code_of_close(dawdling) == close_code::policy_violation);
    for (int second = 0; second != 50; ++second) {
        slow.send(opcode::continuation, std::string(600, 'x'), false);
        sent += 600;
        idle.send(opcode::pong, {});
        own.s.advance(1s);
    }
    slow.send(opcode::continuation, {});
    REQUIRE(slow.next_text() == std::to_string(sent));
    // Many messages of which each read leaves a part are many messages.
    for (int i = 0; i != 70; ++i) {
        slow.send(opcode::text, "a", false);
        idle.send(opcode::pong, {});
        own.s.advance(1s);
        slow.send(opcode::continuation, "b");
        REQUIRE(slow.next_text() == "2");
    }
    REQUIRE(!idle.is_ended());
    REQUIRE(!slow.is_ended());
}

TEST_CASE("an answer that is taken at a trickle is ended, a slow one is not") {
    const std::size_t bytes_a_second = GENERATE(20u, 2'000u);
    small_server own;
    for (int i = 0; i != 8'000; ++i) own.s.endpoint.add_topic("topic" + std::to_string(i));
    memory_client who{own.s.io, own.s.wire, {.capacity_bytes = 1'000}};
    who.stall();
    who.send_raw("GET /api/topics HTTP/1.1\r\nHost: memory\r\n\r\n");
    for (int second = 0; second != 150; ++second) {
        std::string taken(bytes_a_second, '\0');
        std::error_code error;
        static_cast<void>(who.stream().read_some(taken, error));
        own.s.run();
        own.s.advance(1s);
    }
    REQUIRE(own.s.counters().timeouts == (bytes_a_second == 20 ? 1u : 0u));
}

TEST_CASE("the budget holds over several loops, from whose threads it is exceeded at once") {
    endpoint<tcp> server{{.port = 0,
                          .address = "127.0.0.1",
                          .loops = 3,
                          .max_memory_bytes = 16 * megabyte,
                          .handle_signals = false}};
    server.on_message("/give", generous{});
    const running on{server};
    std::vector<std::unique_ptr<testing::websocket_client>> all;
    for (int i = 0; i != 60; ++i) {
        all.push_back(
            std::make_unique<testing::websocket_client>("127.0.0.1", server.port(), "/give"));
        try {
            for (int j = 0; j != 9; ++j) all.back()->send_text("900000");
        } catch (const std::system_error&) {  // it has been ended
        }
    }
    endpoint_counters now;
    const auto look = [&] {
        std::promise<endpoint_counters> seen;
        server.post([&] { seen.set_value(server.snapshot().counters); });
        now = seen.get_future().get();
        return now.memory_ended != 0 && now.memory_bytes <= 16 * megabyte;
    };
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (!look() && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    REQUIRE(now.memory_ended != 0);
    REQUIRE(now.memory_bytes <= 16 * megabyte);
    testing::websocket_client modest{"127.0.0.1", server.port(), "/give"};
    modest.send_text("5");
    REQUIRE(modest.receive()->payload == "xxxxx");
}
