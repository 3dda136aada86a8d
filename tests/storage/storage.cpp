#include <millrace/storage/storage.hpp>

#include "catch.hpp"
#include "rows.hpp"

using namespace millrace;

namespace {

struct no_options {};

/// The least that a storage must have.
template <class Record>
struct least {
    using options = no_options;
    least(options, std::string_view, std::string_view) {}
    std::error_code append(const Record&) { return {}; }
    template <class F>
    std::error_code scan(const storage_query&, F&&) {
        return {};
    }
    std::error_code flush() { return {}; }
    storage_stats stats() const { return {}; }
};

struct without_flush : least<result_row> {
    using least<result_row>::least;
    std::error_code flush() = delete;
};

struct without_constructor : least<result_row> {
    without_constructor() : least<result_row>{{}, "", ""} {}
};

}  // namespace

static_assert(storage<least<result_row>, result_row>);
static_assert(!storage<without_flush, result_row>);
static_assert(!storage<without_constructor, result_row>);
static_assert(!storage<least<result_row>, record<int, measured>>);
static_assert(std::same_as<storage_options<least>, no_options>);

TEST_CASE("a query asks for everything, the newest thousand, unless told otherwise") {
    require_storage<least<result_row>, result_row>();
    const storage_query query;
    CHECK(!query.key);
    CHECK(query.from == timestamp::min());
    CHECK(query.to == timestamp::max());
    CHECK(query.limit == 1000);
}
