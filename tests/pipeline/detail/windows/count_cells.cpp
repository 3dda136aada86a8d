#include <millrace/pipeline/detail/windows/count_cells.hpp>

#include <vector>

#include <millrace/analyzers/count.hpp>
#include <millrace/core/archive.hpp>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;
using namespace millrace::detail;

namespace {

/// Each event by its number.
struct numbers {
    std::vector<std::uint64_t> all{};

    void update(std::uint64_t one) { all.push_back(one); }
    void merge(const numbers& later) { all.insert(all.end(), later.all.begin(), later.all.end()); }
    template <class Archive>
    void archive(Archive& ar) {
        ar(all);
    }
};

}  // namespace

TEST_CASE("a sliding cell gives each window its events, in order, and holds no more panes") {
    for (std::size_t size = 1; size <= 12; ++size) {
        for (std::size_t slide = 1; slide <= 14; ++slide) {
            const sliding_count by{size, slide};
            count_cell<sliding_count, numbers> cell;
            std::uint64_t closed = 0;
            for (std::uint64_t i = 0; i < 60; ++i) {
                const auto time = at_ms(static_cast<long long>(i * 7 % 5));
                const bool is_full = cell.add(by, i, time);
                REQUIRE(is_full == (i + 1 >= size && (i + 1 - size) % slide == 0));
                REQUIRE(cell.is_open() == (i >= closed * slide));
                REQUIRE(cell.fits(by) == !is_full);
                if (!is_full) continue;
                const auto done = cell.close(by);
                REQUIRE(done.number == closed++);
                REQUIRE(done.whole.state.all.size() == size);
                for (std::size_t k = 0; k < size; ++k)
                    REQUIRE(done.whole.state.all[k] == done.number * slide + k);
                REQUIRE(cell.is_open() == (i >= closed * slide));
                REQUIRE(cell.fits(by));
            }
        }
    }
}

TEST_CASE("a cell knows the earliest and the latest time of a window") {
    count_cell<tumbling_count, count> cell;
    const tumbling_count by{3};
    CHECK_FALSE(cell.add(by, 0, at_ms(5)));
    CHECK_FALSE(cell.add(by, 0, at_ms(-9)));
    CHECK(cell.add(by, 0, at_ms(1)));
    const auto first = cell.close(by);
    CHECK(first.whole.first == at_ms(-9));
    CHECK(first.whole.last == at_ms(5));
    CHECK_FALSE(cell.is_open());
    CHECK_FALSE(cell.add(by, 0, at_ms(2)));
    const auto rest = cell.close(by);
    CHECK(rest.number == 1);
    CHECK(rest.whole.first == at_ms(2));
    CHECK(rest.whole.last == at_ms(2));
}
