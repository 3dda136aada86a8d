#include <millrace/core/detail/text_arena.hpp>

#include <string>

#include "catch.hpp"

using namespace millrace::detail;

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
