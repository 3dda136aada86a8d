#include <array>
#include <string>
#include <utility>
#include <vector>

#include <millrace/analyzers/count.hpp>
#include <millrace/analyzers/sum.hpp>
#include <millrace/analyzers/summary.hpp>
#include <millrace/operators/filter.hpp>
#include <millrace/operators/final_only.hpp>
#include <millrace/operators/flat_map.hpp>
#include <millrace/operators/map.hpp>
#include <millrace/operators/tee.hpp>
#include <millrace/pipeline/asof_join.hpp>
#include <millrace/pipeline/describe.hpp>
#include <millrace/pipeline/interval_join.hpp>
#include <millrace/pipeline/lookup_join.hpp>
#include <millrace/pipeline/parallel.hpp>
#include <millrace/pipeline/publish.hpp>
#include <millrace/pipeline/store.hpp>
#include <millrace/pipeline/union_of.hpp>
#include <millrace/windows/session.hpp>
#include <millrace/windows/tumbling.hpp>

#include "counted_new.hpp"
#include "fed.hpp"

// Windows by count, sliding ones, triggers, states and keys of several parts: see their own tests.

using namespace millrace;
using namespace std::chrono_literals;

#if MILLRACE_COUNTS_ALLOCATIONS
namespace {

using totals = summary<count, sum<&trade::price>>;

/// What comes out, without a look at it.
struct tally {
    std::uint64_t* rows;
    template <class Row>
    void operator()(const Row&) const {
        ++*rows;
    }
    template <class Row>
    void operator()(std::string_view, const Row&) const {
        ++*rows;
    }
};

struct ten_a_second {
    static long long time(int i) { return 100LL * i; }
};
/// Each key's events come in bursts, with pauses behind which nothing is left of it.
struct bursts {
    static long long time(int i) { return 50LL * i + 9'000LL * (i / 50); }
};
/// As well, and each third is out of order.
struct unsteady {
    static long long time(int i) { return bursts::time(i) - (i % 3 == 0 ? i % 40 * 30 : 0); }
};

/// Allocations of the second half of a stream whose keys have all been there in the first.
template <class Times, class Running>
std::size_t steady_allocations(Running& running, auto&& push) {
    static constexpr std::array<std::string_view, 5> symbols{"a", "b", "c", "d", "e"};
    std::size_t before = 0;
    for (int i = 0; i < 20'000; ++i) {
        if (i == 10'000) before = allocation_count;
        push(running, trade{symbols[static_cast<std::size_t>(i) % 5], 1, 1, at_ms(Times::time(i))});
    }
    return allocation_count - before;
}

template <class Times>
void check(auto description) {
    INFO(describe(description).text());
    manual_clock clock{at_ms(1'000'000'000'000)};
    std::uint64_t rows = 0;
    auto running = start(std::move(description), tally{&rows}, clock_view{clock});
    CHECK(steady_allocations<Times>(running, [](auto& to, const trade& one) { to.push(one); }) ==
          0);
    CHECK(rows > 0);
}

}  // namespace

TEST_CASE("an event allocates nothing in an operator") {
    const auto source = from<trade>("t");
    check<ten_a_second>(source | publish("all"));
    check<ten_a_second>(source | filter([](const trade& t) { return t.symbol != "b"; }));
    check<ten_a_second>(source | map([](trade t) {
                            t.price *= 2;
                            return t;
                        }));
    check<ten_a_second>(source | flat_map([](const trade& t) { return std::array{t, t}; }));
    check<ten_a_second>(source | key_by(&trade::symbol) | process<totals, null_storage>());
    check<ten_a_second>(source | tee(publish("all"), filter([](const trade& t) {
                                                         return t.size > 0;
                                                     }) | publish("some")));
    std::uint64_t rows = 0;
    auto joined = start(union_of(source, from<trade>("u")) | publish("both"), tally{&rows});
    CHECK(steady_allocations<ten_a_second>(joined, [i = 0](auto& to, const trade& one) mutable {
              auto [a, b] = to.sources();
              (++i % 2 == 0 ? a.push(one) : b.push(one));
          }) == 0);
    CHECK(rows == 20'000);
}

TEST_CASE("an event allocates nothing in a join") {
    const auto side = [](const char* name) { return from<trade>(name) | key_by(&trade::symbol); };
    const auto padded = [](const trade& t, const trade* other) {
        return other == nullptr ? t.price : t.price - other->price;
    };
    const auto check_join = [](auto joined) {
        std::uint64_t rows = 0;
        auto running = start(std::move(joined), tally{&rows});
        CHECK(
            steady_allocations<ten_a_second>(running, [i = 0](auto& to, const trade& one) mutable {
                auto [a, b] = to.sources();
                (++i % 2 == 0 ? a.push(one) : b.push(one));
            }) == 0);
        CHECK(rows > 5'000);
    };
    check_join(interval_join(side("a"), side("b"), between{-1s, 1s}, drop_late,
                             [](const trade& a, const trade& b) { return a.price - b.price; }));
    check_join(interval_join(side("a"), side("b"), between{-1s, 1s}, left_join, drop_late, padded));
    check_join(asof_join(side("a"), side("b"), drop_late, padded));
    check_join(asof_join(side("a"), side("b"), within{3s}, asof::nearest, drop_late, padded));
    check_join(lookup_join(side("a"), side("b"), padded));
}

TEST_CASE("an event allocates nothing on its way into loops and out of them") {
    const auto keyed = from<trade>("t") | key_by(&trade::symbol);
    const auto windows = window(tumbling{1s}, drop_late) | process<totals>();
    check<ten_a_second>(keyed | parallel(2, windows));
    check<ten_a_second>(keyed | parallel(2, ordered, windows));
    check<unsteady>(keyed | parallel(3, map([](const trade& t) { return t; }) | publish("inner")));
    check<unsteady>(keyed | parallel(3, ordered,
                                     window(tumbling{1s}, lateness{3s}, drop_late) |
                                         process<totals>() | publish("corrected")));
}

TEST_CASE("a correction allocates nothing in filter and map") {
    const auto windows = from<trade>("t") | key_by(&trade::symbol) |
                         window(tumbling{1s}, lateness{3s}, drop_late) | process<totals>();
    check<unsteady>(windows | filter([](const auto& row) { return at<"count">(row) % 4 > 1; }) |
                    publish("some"));
    check<unsteady>(windows | filter([](const auto&) { return true; }) |
                    process<sum<at<"count">>>());
    check<unsteady>(
        windows | map([text = std::array{'s', 'o', 'm', 'e'}](const auto& row) {
            return trade{{text.data(), 1 + at<"count">(row) % 4}, 1, 1, row.window.start};
        }) |
        key_by(&trade::symbol) | process<count>());
}

TEST_CASE("neither an event nor a window that opens and closes allocates anything") {
    const auto in_all = [](auto source) {
        const auto keyed = source | key_by(&trade::symbol);
        const auto all = [&](auto stages) {
            check<ten_a_second>(keyed | stages);
            check<bursts>(keyed | stages);
            check<unsteady>(keyed | stages);
        };
        all(window(tumbling{1s}, drop_late) | process<totals>());
        all(window(tumbling{1s}, lateness{3s}, drop_late) | process<totals>() |
            store<null_storage>() | publish("corrected"));
        all(window(tumbling{1s}, lateness{3s}, drop_late) | process<totals>() | final_only());
        all(window(session{400ms}, drop_late) | process<totals>());
        all(window(session{400ms}, lateness{3s}, drop_late) | process<totals>() | final_only());
    };
    check<bursts>(from<trade>("t") | window(session{400ms}, drop_late) | process<totals>());
    in_all(from<trade>("t"));
    in_all(from<trade>("t", disorder{1s}));
    in_all(from<trade>("t", disorder{1s}, per_key(&trade::symbol)));
}
#endif
