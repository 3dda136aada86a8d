#include <millrace/endpoint/detail/loops/record_queue.hpp>

#include <memory>
#include <string>
#include <vector>

#include <asio/io_context.hpp>

#include "../../../publish/listener.hpp"
#include "catch.hpp"

using namespace millrace;
using namespace millrace::detail;

namespace {

/// Two loops of one thread, that run when told to, and a topic of the second.
struct two_loops {
    asio::io_context near_io, far_io;
    std::shared_ptr<loop> near = std::make_shared<loop>(near_io);
    std::shared_ptr<loop> far = std::make_shared<loop>(far_io);
    std::shared_ptr<record_queue> way = std::make_shared<record_queue>(
        near, std::make_shared<mailbox>(near_io), far, std::make_shared<mailbox>(far_io));
    topic prices{"prices", "symbol", overflow_policy::disconnect}, news{"news", ""};
    listener all, acme, reader;
    std::vector<std::unique_ptr<subscription>> following = [this] {
        std::vector<std::unique_ptr<subscription>> made;
        made.push_back(prices.subscribe(all, {}));
        made.push_back(prices.subscribe(acme, "acme"));
        made.push_back(news.subscribe(reader, {}));
        return made;
    }();

    void give(topic& to, std::string_view key, std::string_view record) {
        way->hand_over(to, key, record);
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

TEST_CASE("records arrive at the end of the turn, at those who follow them") {
    two_loops l;
    {
        const loop::turn turn{*l.near};
        l.give(l.prices, "acme", "1");
        l.give(l.prices, "other", std::string(300, '2'));
        l.give(l.news, "", std::string(70'000, '3'));
        l.give(l.news, "", "");
    }
    REQUIRE(l.all.got.empty());
    l.run();
    REQUIRE(l.all.got == std::vector<std::string>{"1", std::string(300, '2')});
    REQUIRE(l.acme.got == std::vector<std::string>{"1"});
    REQUIRE(l.reader.got == std::vector<std::string>{std::string(70'000, '3'), ""});
}

TEST_CASE("what a loop too far behind loses is counted, and those who were due all are told") {
    two_loops l;
    constexpr std::size_t slots = 64;
    const std::string large(record_queue::max_batch_bytes, 'x');
    for (std::size_t i = 0; i != slots; ++i) l.give(l.prices, "acme", large);
    REQUIRE(l.near->counters.frames_dropped == 0u);
    l.give(l.prices, "acme", "lost");
    l.give(l.news, "", "lost as well");
    REQUIRE(l.near->counters.frames_dropped == 2u);
    l.run();
    REQUIRE(l.all.got.size() == slots);
    REQUIRE(l.all.losses == 0);

    l.give(l.prices, "acme", "next");
    l.run();
    REQUIRE(l.all.losses == 1);
    REQUIRE(l.acme.losses == 1);
    REQUIRE(l.reader.losses == 0);
    REQUIRE(l.all.got.back() == "next");
    l.give(l.prices, "acme", "and on");
    l.run();
    REQUIRE(l.all.losses == 1);
}
