#include <millrace/endpoint/detail/event_batch.hpp>

#include <optional>
#include <string>
#include <string_view>

#include "catch.hpp"

using namespace millrace;
using namespace millrace::detail;

namespace {

struct named {
    std::string_view name;
    std::optional<std::string_view> note;
    int number;
};

struct unlisted {
    std::string_view name;
};

struct only_moves {
    std::unique_ptr<int> value;
    int number;
};

}  // namespace

template <>
inline constexpr auto millrace::schema<named> =
    millrace::fields(millrace::field{"name", &named::name}, millrace::field{"note", &named::note},
                     millrace::field{"number", &named::number});

template <>
inline constexpr auto millrace::schema<only_moves> = millrace::fields(millrace::field{
    "number", &only_moves::number});

static_assert(portable_event<named>);
static_assert(!portable_event<unlisted>, "its view is not known");
static_assert(described<only_moves> && !portable_event<only_moves>);

TEST_CASE("a batch keeps what an event's views refer to") {
    event_batch<named> batch;
    REQUIRE(batch.empty());
    for (int i = 0; i < 5000; ++i) {
        std::string name = "name " + std::to_string(i), note(static_cast<std::size_t>(i % 50), 'x');
        batch.keep({name, i % 2 == 0 ? std::optional<std::string_view>{note} : std::nullopt, i});
        name.assign(name.size(), '?');
        note.assign(note.size(), '?');
    }
    REQUIRE(batch.events.size() == 5000);
    for (int i = 0; i < 5000; ++i) {
        const auto& event = batch.events[static_cast<std::size_t>(i)];
        REQUIRE(event.name == "name " + std::to_string(i));
        REQUIRE(event.note.has_value() == (i % 2 == 0));
        if (event.note) REQUIRE(*event.note == std::string(static_cast<std::size_t>(i % 50), 'x'));
        REQUIRE(event.number == i);
    }
    batch.clear();
    REQUIRE(batch.empty());
}

TEST_CASE("an arena takes texts of any length and uses its first chunk again") {
    text_arena arena;
    REQUIRE(arena.keep("").empty());
    const std::string huge(3 * text_arena::chunk_bytes, 'h');
    REQUIRE(arena.keep(huge) == huge);
    const auto first = arena.keep("a"), second = arena.keep("b");
    REQUIRE(first == "a");
    REQUIRE(second.data() == first.data() + 1);
    REQUIRE(arena.keep("").empty());
    arena.clear();
    const auto again = arena.keep(std::string(text_arena::chunk_bytes, 'c'));
    arena.clear();
    REQUIRE(arena.keep("d").data() == again.data());
}
