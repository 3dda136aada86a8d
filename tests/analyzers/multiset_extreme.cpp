#include <millrace/analyzers/multiset_extreme.hpp>

#include <algorithm>
#include <random>
#include <vector>

#include <millrace/analyzers/count.hpp>
#include <millrace/analyzers/mean.hpp>
#include <millrace/analyzers/min.hpp>
#include <millrace/analyzers/sum.hpp>
#include <millrace/analyzers/summary.hpp>
#include <millrace/analyzers/variance.hpp>
#include <millrace/analyzers/weighted_mean.hpp>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;

namespace {

trade priced(double price, double size = 1) { return {"a", price, size, at_ms(0)}; }

using all = summary<count, sum<&trade::price>, mean<&trade::price>, variance<&trade::price>,
                    weighted_mean<&trade::price, &trade::size>, multiset_min<&trade::price>,
                    multiset_max<&trade::price>>;

}  // namespace

TEST_CASE("the golden case of a minimum under retraction, down to none and up again") {
    multiset_min<&trade::price> least;
    const auto add = [&](double x) {
        least.update(priced(x));
        return least.result();
    };
    const auto remove = [&](double x) {
        least.retract(priced(x));
        return least.result();
    };
    CHECK(add(3) == 3);
    CHECK(add(5) == 3);
    CHECK(add(3) == 3);
    CHECK(remove(3) == 3);
    CHECK(remove(3) == 5);
    CHECK(std::isnan(remove(5)));
    CHECK(add(7) == 7);
    CHECK(remove(8) == 7);  // was never there
}

TEST_CASE("what is retracted might never have been given") {
    const auto seed = test_seed();
    INFO("seed " << seed);
    std::mt19937 random{seed};
    for (int round = 0; round < 200; ++round) {
        std::vector<trade> held;
        all state;
        for (int i = 0; i < 100; ++i) {
            if (!held.empty() && random() % 3 == 0) {
                std::swap(held[random() % held.size()], held.back());
                state.retract(held.back());
                held.pop_back();
            } else {
                held.push_back(priced(static_cast<double>(random() % 1000),
                                      static_cast<double>(1 + random() % 9)));
                state.update(held.back());
            }
        }
        all fresh;
        for (const trade& each : held) fresh.update(each);
        const auto left = state.result(), right = fresh.result();
        REQUIRE(at<"count">(left) == at<"count">(right));
        REQUIRE(at<"sum">(left) == at<"sum">(right));
        REQUIRE(at<"mean">(left) == Approx(at<"mean">(right)).epsilon(1e-12));
        REQUIRE(at<"variance">(left) == Approx(at<"variance">(right)).epsilon(1e-9));
        REQUIRE(at<"weighted_mean">(left) == Approx(at<"weighted_mean">(right)).epsilon(1e-12));
        REQUIRE(at<"min">(left) == at<"min">(right));
        REQUIRE(at<"max">(left) == at<"max">(right));
    }
    STATIC_REQUIRE(retractable<all, trade>);
    STATIC_REQUIRE_FALSE(retractable<summary<count, min<&trade::price>>, trade>);
}

TEST_CASE("a merged minimum keeps all numbers, and an archive as well") {
    multiset_max<&trade::price> one, other;
    for (const double x : {1.0, 9.0}) one.update(priced(x));
    other.update(priced(4));
    other.merge(one);
    other.retract(priced(9));
    multiset_max<&trade::price> loaded;
    REQUIRE_FALSE(load(save(other), loaded));
    CHECK(loaded.result() == 4);
}
