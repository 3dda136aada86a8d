#include <millrace/codec/plain_run.hpp>

#include <cstring>
#include <memory>
#include <random>

#include "catch.hpp"

using namespace millrace::detail;

namespace {

bool is_special_by_rfc(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x1F || byte == 0x22 || byte == 0x5C || byte > 0x7F;
}

}  // namespace

TEST_CASE("is_special is what RFC 8259 wants escaped, and what is not ASCII") {
    for (int c = -128; c < 128; ++c) {
        CHECK(is_special(static_cast<char>(c)) == is_special_by_rfc(static_cast<char>(c)));
    }
}

TEST_CASE(
    "end_of_plain_run finds each special byte at each place, and reads no further than the end") {
    for (std::size_t size = 0; size <= 40; ++size) {
        const auto text = std::make_unique<char[]>(size);
        for (int c = 0; c < 256; ++c) {
            for (std::size_t at = 0; at <= size; ++at) {
                for (std::size_t i = 0; i < size; ++i) text[i] = i % 2 == 0 ? ' ' : '\x7F';
                if (at < size) text[at] = static_cast<char>(c);
                if (at + 1 < size) text[at + 1] = '"';
                const bool is_found = at < size && is_special_by_rfc(text[at]);
                const std::size_t expected = is_found ? at : at + 1 < size ? at + 1 : size;
                const char* const found = end_of_plain_run(text.get(), text.get() + size);
                if (found != text.get() + expected) {
                    FAIL("size " << size << ", byte " << c << " at " << at);
                }
            }
        }
    }
}

TEST_CASE("special_bytes finds the first one whatever the other bytes are") {
    std::mt19937_64 random{7};
    for (int round = 0; round < 100'000; ++round) {
        std::uint64_t word = random();
        if (round % 2 == 0) word &= 0x7F7F7F7F7F7F7F7F;
        char bytes[8];
        std::memcpy(bytes, &word, 8);
        int expected = 0;
        while (expected < 8 && !is_special_by_rfc(bytes[expected])) ++expected;
        const std::uint64_t found = special_bytes(word);
        REQUIRE((found == 0 ? 8 : std::countr_zero(found) / 8) == expected);
    }
}
