#include <millrace/endpoint/detail/loops/batch_queue.hpp>

#include <memory>
#include <vector>

#include <asio/io_context.hpp>

#include "catch.hpp"

using namespace millrace::detail;

namespace {

/// Two loops of one thread, that run when told to.
struct two_loops {
    asio::io_context from, to;
    std::shared_ptr<mailbox> of_from = std::make_shared<mailbox>(from);
    std::shared_ptr<mailbox> of_to = std::make_shared<mailbox>(to);
    std::vector<int> got;
    std::shared_ptr<batch_queue<int>> way = std::make_shared<batch_queue<int>>(
        of_from, of_to, [this](int& value) { return take(value); });
    int refused = -1;  // is not taken

    bool take(int value) {
        if (value == refused) return false;
        got.push_back(value);
        return true;
    }

    void send(int value) {
        *way->back() = value;
        way->push();
    }
    static std::size_t run(asio::io_context& io) {
        io.restart();
        return io.poll();
    }
};

constexpr int slots = static_cast<int>(batch_queue<int>::slots);

}  // namespace

TEST_CASE("batches arrive in order, and wake their loop once") {
    two_loops l;
    for (int i = 0; i < 10; ++i) l.send(i);
    REQUIRE(l.got.empty());
    REQUIRE(l.run(l.to) == 1);
    REQUIRE(l.got == std::vector{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
    l.send(10);
    REQUIRE(l.run(l.to) == 1);
    REQUIRE(l.got.back() == 10);
}

TEST_CASE("a batch_queue that was full tells when there is room, once") {
    two_loops l;
    int told = 0;
    l.way = std::make_shared<batch_queue<int>>(
        l.of_from, l.of_to, [&](int& value) { return l.take(value); }, [&] { ++told; });
    for (int i = 0; i < slots; ++i) l.send(i);
    REQUIRE(l.way->back() == nullptr);
    l.run(l.from);
    REQUIRE(told == 0);
    l.run(l.to);
    l.run(l.from);
    REQUIRE(told == 1);
    REQUIRE(l.way->back() != nullptr);
    l.send(0);
    l.run(l.to);
    l.run(l.from);
    REQUIRE(told == 1);
    REQUIRE(l.got.size() == static_cast<std::size_t>(slots) + 1);
}

TEST_CASE("a batch that is not taken is kept, with those behind it, until it is asked for again") {
    two_loops l;
    l.refused = 1;
    for (int i = 0; i < 3; ++i) l.send(i);
    l.run(l.to);
    REQUIRE(l.got == std::vector{0});
    l.send(3);
    l.run(l.to);
    l.way->drain();
    REQUIRE(l.got == std::vector{0});
    REQUIRE_FALSE(l.way->is_empty());
    l.refused = -1;
    l.way->resume();
    l.run(l.to);
    REQUIRE(l.got == std::vector{0, 1, 2, 3});
    REQUIRE(l.way->is_empty());
}

TEST_CASE("one turn takes a round of the batch_queue at most") {
    two_loops l;
    bool refills = true;
    const auto way = std::make_shared<batch_queue<int>>(l.of_from, l.of_to, [&](int& value) {
        l.got.push_back(value);
        if (refills) {
            *l.way->back() = 0;
            l.way->push();
        }
        return true;
    });
    l.way = way;
    for (int i = 0; i < slots / 2; ++i) l.send(i);
    l.to.restart();
    l.to.poll_one();
    REQUIRE(l.got.size() == static_cast<std::size_t>(slots));
    refills = false;
    l.run(l.to);
    REQUIRE(l.got.size() == static_cast<std::size_t>(slots) * 3 / 2);
}

TEST_CASE("drain takes all at once, and after close nothing is taken") {
    two_loops l;
    l.send(1);
    l.send(2);
    l.way->drain();
    REQUIRE(l.got == std::vector{1, 2});
    l.send(3);
    l.way->close();
    l.way->drain();
    l.run(l.to);
    REQUIRE(l.got == std::vector{1, 2});
}
