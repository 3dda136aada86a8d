#include <millrace/codec/nearest_binary.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <type_traits>

#include "catch.hpp"

using namespace millrace::detail;

namespace {

struct outcomes {
    int decided = 0;
    int undecided = 0;
};

/// Compares with the C library, which is exact.
void check(std::uint64_t digits, std::int64_t exponent, outcomes& all) {
    const std::string text = std::to_string(digits) + "e" + std::to_string(exponent);
    const auto same = [&](const auto& found, auto expected) {
        ++(found ? all.decided : all.undecided);
        if (!found || std::memcmp(&*found, &expected, sizeof expected) == 0) return;
        INFO(text);
        FAIL(*found << " is not " << expected);
    };
    same(nearest_double(digits, exponent), std::strtod(text.c_str(), nullptr));
    same(nearest_float(digits, exponent), std::strtof(text.c_str(), nullptr));
}

}  // namespace

TEST_CASE("nearest_double and nearest_float agree with the C library on random digits") {
    const unsigned seed = 17;
    CAPTURE(seed);
    std::mt19937_64 random{seed};
    outcomes all;
    for (int round = 0; round < 200'000; ++round) {
        const std::uint64_t digits = random() >> random() % 64;
        const auto exponent = static_cast<std::int64_t>(random() % 720) - 380;
        check(digits, exponent, all);
        check(digits, exponent / 12, all);
    }
    CHECK(all.undecided < all.decided / 1000);
}

TEST_CASE("nearest_double and nearest_float agree with the C library where it is near") {
    outcomes all;
    for (int exponent = -400; exponent <= 400; ++exponent) {
        for (const std::uint64_t digits :
             {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{9}, ~std::uint64_t{0},
              std::uint64_t{1} << 63, std::uint64_t{9'999'999'999'999'999'999u}})
            check(digits, exponent, all);
    }
    // Halfway between two numbers, and one digit to both sides of that.
    std::mt19937_64 random{3};
    for (int bits : {std::numeric_limits<float>::digits, std::numeric_limits<double>::digits}) {
        for (int round = 0; round < 50'000; ++round) {
            const std::uint64_t odd = (std::uint64_t{1} << bits) | random() >> (64 - bits) | 1;
            for (const std::uint64_t digits : {odd - 1, odd, odd + 1}) {
                check(digits, 0, all);
                check(digits * 5, -1, all);
                check(digits * 25, -2, all);
                check(digits * 625, -4, all);
                if (digits % 5 == 0) check(digits / 5, 1, all);
                if (digits % 625 == 0) check(digits / 625, 4, all);
            }
        }
    }
}

TEST_CASE("nearest_double reads back the shortest and the longest form of every kind of number") {
    std::mt19937_64 random{9};
    outcomes all;
    const auto check_value = [&](double value) {
        char text[64];
        for (const int precision : {16, 17, 18}) {
            std::snprintf(text, sizeof text, "%.*e", precision, value);
            std::string digits{text, 1};
            digits.append(text + 2, static_cast<std::size_t>(precision));
            check(std::strtoull(digits.c_str(), nullptr, 10),
                  std::atoi(std::strchr(text, 'e') + 1) - precision, all);
        }
    };
    for (int exponent = -1074; exponent < 1024; ++exponent) {
        const double value = std::ldexp(1.0, exponent);
        check_value(value);
        check_value(std::nextafter(value, 0.0));
        check_value(std::nextafter(value, 1e308));
    }
    for (int round = 0; round < 100'000; ++round) {
        const double value = std::bit_cast<double>(random() >> 1);
        if (std::isfinite(value)) check_value(value);
        check_value(std::bit_cast<double>(random() >> 12));  // subnormal
    }
    check_value(std::numeric_limits<double>::max());
    CHECK(all.undecided < all.decided / 1000);
}

TEST_CASE("nearest_double is zero below the smallest and infinite above the largest") {
    CHECK(nearest_double(1, -400) == 0.0);
    CHECK(nearest_double(1, -1'000'000'000'000) == 0.0);
    CHECK(nearest_double(0, 1'000'000'000'000) == 0.0);
    CHECK(nearest_double(1, 309) == std::numeric_limits<double>::infinity());
    CHECK(nearest_double(1, 1'000'000'000'000) == std::numeric_limits<double>::infinity());
    CHECK(nearest_float(1, 39) == std::numeric_limits<float>::infinity());
    CHECK(nearest_float(1, -50) == 0.0f);
}
