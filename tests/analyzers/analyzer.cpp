#include <millrace/analyzers/analyzer.hpp>

#include <algorithm>

#include "streams.hpp"

namespace {

struct largest {
    static constexpr millrace::fixed_string name = "largest";
    void update(const reading& r) { value_ = std::max(value_, r.value); }
    double result() const { return value_; }
    template <class Archive>
    void archive(Archive& ar) {
        ar(value_);
    }
    double value_ = 0;
};
static_assert(millrace::analyzer<largest, reading>);
static_assert(!millrace::analyzer<largest, int>);
static_assert(!millrace::mergeable<largest>);

struct nameless : largest {
    static constexpr int name = 0;
};

struct not_archived {
    void update(const reading&) {}
    double result() const { return 0; }
};
static_assert(!millrace::analyzer<not_archived, reading>);

struct without_schema {
    void update(const reading&) {}
    largest result() const { return {}; }
    template <class Archive>
    void archive(Archive&) {}
};
static_assert(!millrace::analyzer<without_schema, reading>);

}  // namespace

TEST_CASE("describe gives a number the analyzer's name") {
    const auto analyzer = fed<largest>(std::vector<reading>{{3}, {5}, {4}});
    REQUIRE(millrace::at<"largest">(millrace::named_result(analyzer)) == 5);
    REQUIRE(millrace::at<"value">(millrace::named_result(nameless{analyzer})) == 5);
}

TEST_CASE("the least analyzer survives an archive") { require_archive_keeps_every_bit<largest>(); }
