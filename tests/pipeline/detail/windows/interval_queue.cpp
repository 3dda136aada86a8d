#include <millrace/pipeline/detail/windows/interval_queue.hpp>

#include <vector>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

struct cell {
    struct {
        detail::cell_interval<true> interval{};
    } triggers{};
};

struct queued_cells {
    detail::interval_queue queue{};
    std::vector<cell> cells = std::vector<cell>(3);
    std::vector<std::uint32_t> given{};

    void note(std::uint32_t number) {
        queue.note(cells[number].triggers.interval, 10ms, [&] {
            return detail::interval_place{{}, {}, number};
        });
    }
    bool read(int ms, int most = 100) {
        queue.read(at_ms(ms));
        return queue.fire(
            10ms, [&](const auto& at) { return &cells[at.number]; }, [&] { return most-- > 0; },
            [&](const auto& at, cell& of) {
                of.triggers.interval.due = timestamp::max();
                given.push_back(at.number);
            });
    }
    std::vector<std::uint32_t> take() { return std::exchange(given, {}); }
    using numbers = std::vector<std::uint32_t>;
};

}  // namespace

TEST_CASE("a cell is due an interval behind the first event that it has not told of") {
    queued_cells all;
    all.read(0);
    all.note(0);
    all.read(4);
    all.note(0);
    all.note(1);
    all.read(9);
    CHECK(all.given.empty());
    all.read(10);
    CHECK(all.take() == queued_cells::numbers{0});
    all.note(0);
    all.read(14);
    CHECK(all.take() == queued_cells::numbers{1});
    all.read(19);
    CHECK(all.given.empty());
    all.read(20);
    CHECK(all.take() == queued_cells::numbers{0});
    all.read(1000);
    CHECK(all.given.empty());
}

TEST_CASE("before any reading the interval counts from the next one") {
    queued_cells all;
    all.note(2);
    all.read(1000);
    CHECK(all.given.empty());
    all.read(1010);
    CHECK(all.take() == queued_cells::numbers{2});
}

TEST_CASE("a cell that gave for another reason is due later, and what is put off goes on") {
    queued_cells all;
    all.read(0);
    all.note(0);
    all.note(1);
    all.note(2);
    all.cells[0].triggers.interval.due = timestamp::max();
    all.read(5);
    all.note(0);
    CHECK_FALSE(all.read(10, 1));
    CHECK(all.take() == queued_cells::numbers{1});
    CHECK(all.read(10));
    CHECK(all.take() == queued_cells::numbers{2});
    all.read(15);
    CHECK(all.take() == queued_cells::numbers{0});
}

TEST_CASE("cells that have gone, or have moved, do not stay in the queue") {
    detail::interval_queue queue;
    cell only;
    int start = 0, given = 0;
    const auto read = [&](int ms) {
        queue.read(at_ms(ms));
        queue.fire(
            10ms, [&](const auto& place) { return place.start == at_ms(start) ? &only : nullptr; },
            [] { return true; }, [&](const auto&, cell&) { ++given; });
    };
    read(0);
    for (int turn = 0; turn < 100; ++turn) {
        for (int i = 0; i < 1000; ++i) {  // a session that each event lets begin earlier
            only.triggers.interval = {};
            --start;
            queue.note(only.triggers.interval, 10ms, [&] {
                return detail::interval_place{{}, at_ms(start), 0};
            });
        }
        read(turn % 9);
    }
    CHECK(queue.bytes() < 10'000 * sizeof(detail::interval_place));
    CHECK(given == 0);
    read(20);
    CHECK(given == 1);
}
