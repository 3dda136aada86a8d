#include <millrace/analyzers/fold.hpp>

#include <limits>
#include <vector>

#include <millrace/core/archive.hpp>

#include "catch.hpp"

namespace {

struct sample {
    double value;
    int count;
};

struct collected {
    std::vector<double> all;
    void add(double x) { all.push_back(x); }
    void merge(const collected& other) {
        all.insert(all.end(), other.all.begin(), other.all.end());
    }
    template <class Archive>
    void archive(Archive& ar) {
        ar(all);
    }
};

template <auto Projection>
struct values_of : millrace::detail::fold<Projection, collected> {
    [[nodiscard]] const std::vector<double>& result() const { return this->state_.all; }
};

}  // namespace

TEST_CASE("fold gives each number to its accumulator, and skips NaN") {
    values_of<&sample::value> values;
    for (const double x : {1.5, std::numeric_limits<double>::quiet_NaN(), 2.5}) {
        values.update(sample{x, 0});
    }
    CHECK(values.result() == std::vector{1.5, 2.5});
}

TEST_CASE("fold converts integers, merges and is archived through its accumulator") {
    values_of<&sample::count> some, more;
    some.update(sample{0, 3});
    more.update(sample{0, -4});
    some.merge(more);
    CHECK(some.result() == std::vector{3.0, -4.0});

    values_of<&sample::count> loaded;
    REQUIRE_FALSE(millrace::load(millrace::save(some), loaded));
    CHECK(loaded.result() == some.result());
}
