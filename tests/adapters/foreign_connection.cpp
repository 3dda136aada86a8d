#include <millrace/adapters/foreign_connection.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <asio/dispatch.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include <millrace/operators/filter.hpp>

#include "catch.hpp"
#include "fake_server.hpp"

using namespace millrace;

namespace {

constexpr std::size_t outbox_bytes = 2000, server_buffer_bytes = 200;

auto all_ticks() { return from<tick>("in") | key_by(&tick::id) | publish("out"); }

struct hosting {
    explicit hosting(hosted_options options = {}) : streams{all_ticks(), {&thread}, options} {}

    fake_thread thread{};
    hosted_pipeline<decltype(all_ticks()), fake_executor> streams;
};

/// A client and what a naive server would have sent it.
struct modelled : fake_client {
    int key = -1;  ///< all, if negative
    bool is_slow = false;
    std::vector<std::string> expected{};

    void start(hosting& h, std::mt19937& random) {
        key = static_cast<int>(random() % 5) - 1;
        is_slow = random() % 3 == 0;
        socket = std::make_shared<fake_socket>();
        expected.clear();
        REQUIRE(open(h.streams, key < 0 ? "/out" : "/out?key=" + std::to_string(key)));
    }

    void check(overflow_policy policy) const {
        const auto& got = socket->sent;
        if (!is_slow) {
            REQUIRE(got == expected);
            return;
        }
        if (policy == overflow_policy::disconnect) {
            REQUIRE(std::equal(got.begin(), got.end(), expected.begin(),
                               expected.begin() + static_cast<std::ptrdiff_t>(got.size())));
            REQUIRE((got.size() == expected.size() || socket->close_code == 1013));
            return;
        }
        // The last of each key came, or of all; nothing came twice or was made up.
        auto left = expected;
        for (const auto& each : got) {
            const auto found = std::find(left.begin(), left.end(), each);
            REQUIRE(found != left.end());
            left.erase(found);
        }
        if (expected.empty()) return;
        REQUIRE(std::find(got.begin(), got.end(), expected.back()) != got.end());
        if (policy == overflow_policy::drop_oldest) {
            auto place = expected.begin();
            for (const auto& each : got) {
                place = std::find(place, expected.end(), each);
                REQUIRE(place != expected.end());
                ++place;
            }
            return;
        }
        std::map<char, std::string> newest;  // ids have one digit
        for (const auto& each : expected) newest[each[6]] = each;
        for (const auto& each : newest)
            REQUIRE(std::find(got.begin(), got.end(), each.second) != got.end());
    }
};

}  // namespace

TEST_CASE("random clients of all speeds get what a naive server sends, as the policy says") {
    for (unsigned seed = 1; seed <= 240; ++seed) {
        CAPTURE(seed);
        std::mt19937 random{seed};
        const auto policy = static_cast<overflow_policy>(seed % 3);
        hosting h{{.when_full = {policy},
                   .outbox_bytes = outbox_bytes,
                   .server_buffer_bytes = server_buffer_bytes}};
        h.thread.is_here = seed % 2 == 0;
        fake_client sender;
        REQUIRE(sender.open(h.streams, "/in"));
        std::vector<modelled> clients(8);
        std::size_t most = 0;
        for (int step = 0; step < 300; ++step) {
            auto& one = clients[random() % clients.size()];
            switch (random() % 8) {
                case 0:
                    if (one.connection) {
                        h.thread.run();
                        one.read();
                        one.check(policy);
                        one.close();
                    } else {
                        one.start(h, random);
                    }
                    break;
                case 1: h.thread.run(); break;
                default: {
                    const int id = static_cast<int>(random() % 6);
                    const std::string text = json_of(id, step);
                    sender.send(text);
                    for (auto& each : clients)
                        if (each.connection && (each.key < 0 || each.key == id))
                            each.expected.push_back(text);
                }
            }
            // More at once than an outbox holds would be dropped for a fast one, too.
            if (h.thread.jobs.size() > 12) h.thread.run();
            for (const auto& each : clients) {
                if (each.is_slow)
                    each.run();
                else
                    each.read();
                most = std::max(most, each.socket->buffered);
            }
        }
        REQUIRE(most < server_buffer_bytes + 32);
        h.thread.run();
        for (const auto& each : clients) {
            if (!each.connection) continue;
            each.read();
            each.check(policy);
        }
    }
}

TEST_CASE("a client that never reads holds up nobody and costs no more than its limits") {
    hosting h{{.outbox_bytes = outbox_bytes, .server_buffer_bytes = server_buffer_bytes}};
    h.thread.is_here = true;
    fake_client sender, slow, fast;
    REQUIRE((sender.open(h.streams, "/in") && slow.open(h.streams, "/out") &&
             fast.open(h.streams, "/out")));
    for (int i = 0; i != 1000; ++i) {
        sender.send(json_of(1, i));
        slow.run();
        fast.read();
    }
    REQUIRE(fast.socket->sent.size() == 1000);
    REQUIRE(slow.socket->sent.size() < 20);
    const std::size_t sent = slow.socket->sent.size();
    slow.read();
    REQUIRE(slow.socket->sent.back() == json_of(1, 999));
    REQUIRE(slow.socket->sent.size() - sent <= outbox_bytes / 64);
    REQUIRE(slow.socket->sent.size() + h.streams.stats().dropped == 1000);
}

TEST_CASE("all that was not sent to one that is closed as too slow is counted") {
    hosting h{{.when_full = {.otherwise = overflow_policy::disconnect},
               .outbox_bytes = outbox_bytes,
               .server_buffer_bytes = server_buffer_bytes}};
    h.thread.is_here = true;
    fake_client sender, slow;
    REQUIRE((sender.open(h.streams, "/in") && slow.open(h.streams, "/out")));
    std::size_t published = 0;
    while (h.streams.stats().slow_disconnects == 0 && published != 1000) {
        sender.send(json_of(1, static_cast<int>(published++)));
        slow.run();
    }
    REQUIRE(h.streams.stats().slow_disconnects == 1);
    REQUIRE(h.streams.stats().dropped > 1);
    slow.read();
    REQUIRE(slow.socket->sent.size() + h.streams.stats().dropped == published);
}

TEST_CASE(
    "what waited for a follower that is gone is counted, and not as dropped for its slowness") {
    hosting h{{.outbox_bytes = outbox_bytes, .server_buffer_bytes = server_buffer_bytes}};
    h.thread.is_here = true;
    fake_client sender, slow;
    REQUIRE((sender.open(h.streams, "/in") && slow.open(h.streams, "/out")));
    for (int i = 0; i != 100; ++i) {
        sender.send(json_of(1, i));
        slow.run();
    }
    const std::uint64_t dropped = h.streams.stats().dropped;
    REQUIRE(dropped > 0);
    REQUIRE(h.streams.stats().unsent == 0u);
    slow.close();
    REQUIRE(h.streams.stats().unsent > 10u);
    REQUIRE(h.streams.stats().dropped == dropped);
    REQUIRE(slow.socket->sent.size() + dropped + h.streams.stats().unsent == 100);
}

TEST_CASE("a sender is not read while much of it waits for the pipeline, and nothing is lost") {
    hosting h{{.inbox_bytes = 1000}};
    fake_client sender, reader;
    REQUIRE((sender.open(h.streams, "/in") && reader.open(h.streams, "/out")));
    int sent = 0;
    for (int round = 1; round != 4; ++round) {
        while (sender.socket->pauses != round) sender.send(json_of(1, sent++));
        sender.send(json_of(1, sent++));  // was read with the one before
        sender.run();
        REQUIRE(sender.socket->pauses == round);
        REQUIRE(sender.socket->resumes == round - 1);
        h.thread.run();
        sender.run();
        REQUIRE(sender.socket->resumes == round);
    }
    reader.read();
    REQUIRE(reader.socket->sent.size() == static_cast<std::size_t>(sent));
}

TEST_CASE("bad events are answered, and those beside them are taken") {
    hosting h{{.max_errors_per_message = 1}};
    h.thread.is_here = true;
    fake_client sender, reader;
    REQUIRE((sender.open(h.streams, "/in") && reader.open(h.streams, "/out")));
    sender.send(R"([{"id":"x"},{"id":1,"value":2},{"id":"y"}])");
    sender.read();
    reader.read();
    REQUIRE(reader.socket->sent == std::vector{json_of(1, 2)});
    REQUIRE(sender.socket->sent.size() == 1);
    REQUIRE(sender.socket->sent[0].starts_with(R"({"error":{"index":0,"code":"wrong type")"));

    reader.send("{}");
    REQUIRE(reader.socket->close_code == 1003);
    sender.connection->refuse_binary();
    REQUIRE(sender.socket->close_code == 1003);
}

TEST_CASE("what a stage throws closes its sender by 1011, and others go on") {
    fake_thread thread{.is_here = true};
    int told = 0;
    hosted_pipeline streams{
        from<tick>("in") | filter([](const tick& t) {
            if (t.value == 13) throw std::runtime_error{"thirteen"};
            return true;
        }) | publish("out"),
        fake_executor{&thread},
        {.log = [&](const log_entry& entry) { told += entry.message == "thirteen"; }}};
    fake_client bad, good, reader;
    REQUIRE(
        (bad.open(streams, "/in") && good.open(streams, "/in") && reader.open(streams, "/out")));
    bad.send(json_of(1, 13));
    good.send(json_of(1, 14));
    for (const auto* each : {&bad, &good, &reader}) each->read();
    REQUIRE(bad.socket->close_code == 1011);
    REQUIRE(good.socket->close_code == 0);
    REQUIRE(reader.socket->sent == std::vector{json_of(1, 14)});
    REQUIRE(streams.stats().handler_errors == 1u);
    REQUIRE(told == 1);
}

TEST_CASE("connections may outlive the pipeline, and end in any order") {
    fake_client sender, reader;
    fake_thread thread;
    {
        hosted_pipeline streams{all_ticks(), fake_executor{&thread}};
        REQUIRE((sender.open(streams, "/in") && reader.open(streams, "/out")));
        thread.run();
        REQUIRE(streams.stats().connections == 2u);
        sender.send(json_of(1, 1));
    }
    sender.send(json_of(1, 2));
    thread.run();
    reader.close();
    thread.run();
    reader.run();
    REQUIRE(reader.socket->sent.empty());
}

TEST_CASE("only the pipeline's thread touches it, whatever threads the connections have") {
    constexpr int threads = 3, messages = 300;
    asio::io_context pipeline_io;
    std::vector<asio::io_context> server_io(threads);
    struct peer {
        asio::io_context* io;
        const std::function<void()>* on_wake;
        std::atomic<int>* received;

        void wake() {
            asio::post(*io, [f = on_wake] { (*f)(); });
        }
        [[nodiscard]] std::size_t buffered_bytes() const { return 0; }
        void send(const std::shared_ptr<const std::string>&) { ++*received; }
        void wait_for_room() {}
        void pause() {}
        void resume() {}
        void close(std::uint16_t, std::string_view) {}
        [[nodiscard]] std::shared_ptr<void> owner() const { return nullptr; }
    };
    std::thread::id seen;
    int foreign = 0;
    hosted_pipeline streams{from<tick>("in") | filter([&](const tick&) {
                                if (seen == std::thread::id{}) seen = std::this_thread::get_id();
                                foreign += seen != std::this_thread::get_id();
                                return true;
                            }) | publish("out"),
                            pipeline_io.get_executor(),
                            {.duplex_path = "/both"}};
    std::vector<std::function<void()>> on_wake(threads);
    std::vector<std::shared_ptr<foreign_connection<peer>>> all;
    std::atomic<int> received{0};
    for (std::size_t i = 0; i != threads; ++i) {
        all.push_back(
            make_foreign_connection(streams, "/both", peer{&server_io[i], &on_wake[i], &received}));
        on_wake[i] = [one = all[i].get()] { one->on_wake(); };
        all[i]->open();
    }
    auto work = asio::make_work_guard(pipeline_io);
    std::thread pipeline_thread{[&] { pipeline_io.run(); }};
    std::vector<std::thread> servers;
    for (std::size_t i = 0; i != threads; ++i)
        servers.emplace_back([&, i, server_work = asio::make_work_guard(server_io[i])]() mutable {
            for (int n = 0; n != messages; ++n) {
                std::string text = json_of(static_cast<int>(i), n);
                all[i]->receive(std::span{text});
                server_io[i].poll();
            }
            const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
            while (received != threads * threads * messages &&
                   std::chrono::steady_clock::now() < deadline)
                server_io[i].run_one_for(std::chrono::seconds{1});
            for (auto& each : server_io) each.stop();
        });
    for (auto& each : servers) each.join();
    for (auto& each : all) each->close();
    work.reset();
    pipeline_thread.join();
    REQUIRE(foreign == 0);
    REQUIRE(received == threads * threads * messages);
    REQUIRE(seen != std::this_thread::get_id());
    REQUIRE(streams.running().events() == static_cast<std::uint64_t>(threads * messages));
    REQUIRE(streams.stats().connections == 0u);
}
