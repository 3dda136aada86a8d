#include <millrace/storage/row.hpp>

#include "catch.hpp"
#include "rows.hpp"

using namespace millrace;
using namespace millrace::detail;

namespace {

struct sample {
    int value = 0;
    timestamp time{};
};
struct note {
    std::string text{};
};

}  // namespace

template <>
inline constexpr auto millrace::schema<sample> = millrace::fields(
    millrace::field{"value", &sample::value}, millrace::event_time{"time", &sample::time});
template <>
inline constexpr auto millrace::schema<note> = millrace::fields(millrace::field{"text",
                                                                                &note::text});

static_assert(is_windowed<result_row> && is_timed<result_row>);
static_assert(!is_windowed<sample> && is_timed<sample>);
static_assert(!is_windowed<note> && !is_timed<note>);
static_assert(std::same_as<row_key<result_row>, std::string>);
static_assert(std::same_as<row_key<sample>, no_key>);

TEST_CASE("a row's time is its window's start, else its event time") {
    CHECK(time_of_row(numbered(1, "a", 7)) == at(7));
    CHECK(time_of_row(sample{1, at(8)}) == at(8));
    CHECK(time_of_row(note{}) == timestamp{});
}

TEST_CASE("a row is of a window unless an event alone gave it") {
    result_row each = numbered(1);
    CHECK(is_of_window(each));
    each.fired_by = trigger::event;
    CHECK_FALSE(is_of_window(each));
    CHECK_FALSE(is_of_window(sample{}));
}
