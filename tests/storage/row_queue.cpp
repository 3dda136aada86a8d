#include <millrace/storage/row_queue.hpp>

#include <deque>
#include <random>
#include <string>

#include "catch.hpp"

using millrace::detail::row_queue;

TEST_CASE("a row_queue is a queue of limited length") {
    const unsigned seed = GENERATE(range(1u, 20u));
    CAPTURE(seed);
    std::mt19937 random{seed};
    const std::size_t limit = 1 + random() % 100;
    row_queue<std::string> queue{limit};
    std::deque<std::string> expected;
    for (int step = 0; step < 2000; ++step) {
        if (random() % 3 != 0 && !queue.is_full()) {
            queue.push(std::to_string(step));
            expected.push_back(std::to_string(step));
        } else if (random() % 10 == 0 && queue.size() > 0) {
            queue.drop_oldest();
            expected.pop_front();
        } else if (random() % 8 == 0) {
            std::vector<std::string> taken(random() % 40);
            const std::size_t count = queue.take(taken);
            REQUIRE(count == std::min(taken.size(), expected.size()));
            for (std::size_t i = 0; i < count; ++i) {
                REQUIRE(taken[i] == expected.front());
                expected.pop_front();
            }
        }
        REQUIRE(queue.size() == expected.size());
        REQUIRE(queue.is_full() == (expected.size() == limit));
    }
}

TEST_CASE("a row_queue hands the strings' memory round") {
    row_queue<std::string> queue{2};
    const std::string text(100, 'x');
    std::vector<std::string> out(1);
    for (int i = 0; i < 4; ++i) {  // each of the slots and the one outside has grown
        queue.push(text);
        queue.take(out);
    }
    const char* const memory = out[0].data();
    bool came_back = false;
    for (int i = 0; i < 4; ++i) {
        queue.push(text);
        queue.take(out);
        came_back |= out[0].data() == memory;
    }
    CHECK(came_back);
}
