#include <millrace/pipeline/detail/keys/slot_blocks.hpp>

#include <string>
#include <utility>

#include <millrace/core/archive.hpp>

#include "catch.hpp"

using namespace millrace;

using blocks = detail::slot_blocks<std::string>;

TEST_CASE("slots are found by number; those beyond the first block stay where they are") {
    blocks slots;
    for (int i = 0; i < 2'049; ++i) slots.append() = std::to_string(i);
    const std::string* const beyond = &slots[2'048];
    for (int i = 2'049; i < 10'000; ++i) slots.append() = std::to_string(i);
    CHECK(&slots[2'048] == beyond);
    REQUIRE(slots.size() == 10'000);
    std::size_t wrong = 0;
    for (std::uint32_t i = 0; i < slots.size(); ++i) wrong += slots[i] != std::to_string(i);
    CHECK(wrong == 0);
    CHECK(slots.capacity() >= 10'000);
    CHECK(slots.capacity() < 10'000 + 2'048);
}

TEST_CASE("many slots lie in mapped memory, and are as the others") {
    constexpr int count = 1'250'000;  // of several maps
    blocks slots;
    for (int i = 0; i < count; ++i) slots.append() = std::to_string(i);
    const blocks copy = slots;
    slots.clear();
    slots.append() = "other";
    const blocks moved = std::move(slots);
    CHECK(moved[0] == "other");
    std::size_t wrong = 0;
    for (std::uint32_t i = 0; i < copy.size(); ++i) wrong += copy[i] != std::to_string(i);
    CHECK(wrong == 0);
    CHECK(copy.size() == count);
    CHECK(copy.capacity() < count + 2'048);
}

TEST_CASE("slots that were cleared are new, and need no memory again") {
    blocks slots;
    CHECK(slots.capacity() == 0);
    for (int i = 0; i < 5'000; ++i) slots.append() = "used";
    const std::size_t capacity = slots.capacity();
    slots.clear();
    CHECK(slots.size() == 0);
    for (int i = 0; i < 5'000; ++i) REQUIRE(slots.append().empty());
    CHECK(slots.capacity() == capacity);
}

TEST_CASE("slots survive an archive, and one that is cut is refused") {
    blocks slots;
    for (int i = 0; i < 3'000; ++i) slots.append() = std::to_string(i);
    const std::string saved = save(slots);
    blocks loaded;
    REQUIRE_FALSE(load(saved, loaded));
    REQUIRE(loaded.size() == 3'000);
    CHECK(loaded[2'999] == "2999");
    CHECK(load(saved.substr(0, saved.size() - 1), loaded) == errc::archive_truncated);
    CHECK(loaded.size() == 3'000);
}
