#include <millrace/codec/number_text.hpp>

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>

#include "catch.hpp"

using namespace millrace::detail;

namespace {

template <class Number>
std::string written(Number number) {
    char text[max_number_bytes];
    return {text, write_number(text, number)};
}

template <class Number>
void check(Number number) {
    char text[max_number_bytes];
    const std::string expected{text, std::to_chars(text, text + sizeof text, number).ptr};
    if (written(number) != expected) FAIL(written(number) << " is not " << expected);
}

}  // namespace

TEST_CASE("write_number writes integers of every size as std::to_chars does") {
    std::mt19937_64 random{1};
    for (int round = 0; round < 200'000; ++round) {
        const std::uint64_t bits = random() >> random() % 64;
        check(bits);
        check(static_cast<std::int64_t>(bits));
        check(-static_cast<std::int64_t>(bits >> 1));
        check(static_cast<std::int32_t>(bits));
        check(static_cast<std::uint16_t>(bits));
        check(static_cast<signed char>(bits));
    }
    check(std::numeric_limits<std::int64_t>::min());
    check(std::numeric_limits<std::uint64_t>::max());
    std::uint64_t power = 1;
    for (int digits = 1; digits < 20; ++digits, power *= 10) {
        for (const std::uint64_t number : {power - 1, power, power + 1}) check(number);
    }
    CHECK(written(true) == "1");
    CHECK(written(0) == "0");
    CHECK(written(-7) == "-7");
}

TEST_CASE("write_number writes decimals of every size as std::to_chars does") {
    std::mt19937_64 random{2};
    for (int round = 0; round < 400'000; ++round) {
        const auto digits = static_cast<double>(random() >> (10 + random() % 54));
        const double value = digits / std::pow(10.0, static_cast<double>(random() % 24));
        check(value);
        check(-value);
        check(static_cast<float>(value));
        check(digits);
        check(digits * 1e5);
        check(std::nextafter(value, 0.0));
    }
}

TEST_CASE("write_number writes floating point of every kind as std::to_chars does") {
    std::mt19937_64 random{3};
    for (int round = 0; round < 200'000; ++round) {
        const auto bits = random();
        const auto number = std::bit_cast<double>(bits);
        const auto single = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
        if (std::isfinite(number)) check(number);
        if (std::isfinite(single)) check(single);
    }
    for (int exponent = -1074; exponent < 1024; ++exponent) check(std::ldexp(1.0, exponent));
    for (int exponent = -149; exponent < 128; ++exponent) check(std::ldexp(1.0f, exponent));
    for (const double number : {0.0,
                                -0.0,
                                0.1,
                                0.001,
                                0.00099999,
                                0.0001,
                                1e5,
                                1.2e5,
                                1e6,
                                100'001.0,
                                123e5,
                                1e15,
                                999'999'999'999'999.0,
                                999'999'999'999'999.5,
                                0.999999999999999,
                                0.9999999999999999,
                                9.99999999999999,
                                99999999.9999999,
                                123456789012345.6,
                                1.7976931348623157e308}) {
        check(number);
        check(-number);
        check(static_cast<float>(number));
    }
    CHECK(written(0.1L) == "0.1");
}
