#include <millrace/analyzers/extreme.hpp>

#include <cmath>
#include <functional>

#include <millrace/core/archive.hpp>

#include "catch.hpp"

using millrace::detail::extreme;

TEST_CASE("an extreme is the first in its order, of any number at all") {
    extreme<std::less<>> least;
    extreme<std::greater<>> greatest;
    CHECK(std::isnan(least.value()));
    for (const double x : {3.0, -2.0, 7.0}) {
        least.add(x);
        greatest.add(x);
    }
    CHECK(least.value() == -2);
    CHECK(greatest.value() == 7);
}

TEST_CASE("an extreme of nothing changes none that it is merged into") {
    extreme<std::less<>> least;
    least.add(5);
    least.merge({});
    CHECK(least.value() == 5);

    extreme<std::less<>> empty;
    empty.merge(least);
    CHECK(empty.value() == 5);
}

TEST_CASE("an extreme survives an archive") {
    extreme<std::less<>> least, loaded;
    least.add(-0.1);
    REQUIRE_FALSE(millrace::load(millrace::save(least), loaded));
    CHECK(loaded.value() == -0.1);
}
