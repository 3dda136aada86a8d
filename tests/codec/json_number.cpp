#include <millrace/codec/json_number.hpp>

#include <bit>
#include <clocale>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"

using namespace millrace;
using namespace millrace::detail;

namespace {

/// The text in a buffer that ends with its terminator.
struct scanned {
    explicit scanned(std::string_view text) : buffer{new char[text.size() + 1]} {
        std::memcpy(buffer.get(), text.data(), text.size());
        buffer[text.size()] = '\0';
        const char* const end = scan_number(buffer.get(), buffer.get() + text.size(), number);
        is_number = end != nullptr && ends_number(*end);
    }
    std::unique_ptr<char[]> buffer;
    json_number number;
    bool is_number;
};

template <class T>
std::pair<errc, T> converted(std::string_view text) {
    const scanned source{text};
    INFO(text);
    REQUIRE(source.is_number);
    T value{};
    const errc code = convert(source.number, value);
    return {code, value};
}

bool same_bits(double a, double b) {
    return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

}  // namespace

TEST_CASE("scan_number takes the numbers of RFC 8259, section 6") {
    for (const std::string_view text : {"0",
                                        "-0",
                                        "1",
                                        "-1",
                                        "10",
                                        "1234567890123456789012345678901234567890",
                                        "0.0",
                                        "1.5",
                                        "-0.25",
                                        "123.456",
                                        "1e1",
                                        "1E1",
                                        "1e+1",
                                        "1e-1",
                                        "0e0",
                                        "0E-0",
                                        "1.5e10",
                                        "-1.5E-10",
                                        "1e400",
                                        "12345678",
                                        "123456789",
                                        "1234567.12345678",
                                        "0.00000000000000000000000000001"}) {
        INFO(text);
        for (const char* behind : {"", ",", "}", "]", " ", "\t", "\n", "\r"}) {
            const scanned all{std::string{text} + behind};
            CHECK(all.is_number);
            CHECK(all.number.end - all.number.begin == static_cast<std::ptrdiff_t>(text.size()));
        }
    }
}

TEST_CASE("scan_number refuses everything else") {
    for (const std::string_view text : {"",           "-",         "+1",
                                        "01",         "-01",       "00",
                                        "1.",         ".5",        "-.5",
                                        "1.e1",       "1e",        "1e+",
                                        "1e-",        "1E",        "0x1",
                                        "1a",         "1.5.5",     "1e5.5",
                                        "1e5e5",      "--1",       "1-",
                                        "1+1",        "Infinity",  "-Infinity",
                                        "NaN",        "1_000",     "1\"",
                                        "1:",         "1{",        "1[",
                                        "1/",         "12345678a", "123456789012345678x",
                                        "1.12345678-"}) {
        INFO(text);
        CHECK_FALSE(scanned{text}.is_number);
    }
}

TEST_CASE("convert to an integer keeps every digit, and to the type's range") {
    using limits = std::numeric_limits<std::int64_t>;
    CHECK(converted<std::int64_t>("9223372036854775807") == std::pair{no_error, limits::max()});
    CHECK(converted<std::int64_t>("-9223372036854775808") == std::pair{no_error, limits::min()});
    CHECK(converted<std::int64_t>("9223372036854775808").first == errc::out_of_range);
    CHECK(converted<std::int64_t>("-9223372036854775809").first == errc::out_of_range);
    CHECK(converted<std::uint64_t>("18446744073709551615") ==
          std::pair{no_error, std::numeric_limits<std::uint64_t>::max()});
    CHECK(converted<std::uint64_t>("18446744073709551616").first == errc::out_of_range);
    CHECK(converted<std::uint64_t>("100000000000000000000").first == errc::out_of_range);
    CHECK(converted<std::uint64_t>("-1").first == errc::out_of_range);
    CHECK(converted<std::uint64_t>("-0") == std::pair{no_error, std::uint64_t{0}});
    CHECK(converted<std::int8_t>("-128") == std::pair{no_error, std::int8_t{-128}});
    CHECK(converted<std::int8_t>("-129").first == errc::out_of_range);
    CHECK(converted<std::int8_t>("128").first == errc::out_of_range);
    CHECK(converted<std::uint16_t>("65535") == std::pair{no_error, std::uint16_t{65535}});
    CHECK(converted<std::uint16_t>("65536").first == errc::out_of_range);
    for (const std::string_view text : {"1.0", "1e0", "10E-1", "0.0"}) {
        CHECK(converted<int>(text).first == errc::wrong_type);
    }
}

TEST_CASE("convert to an integer agrees with the C library on random digits") {
    const unsigned seed = 5;
    CAPTURE(seed);
    std::mt19937_64 random{seed};
    for (int round = 0; round < 100'000; ++round) {
        const std::uint64_t value = random() >> random() % 64;
        REQUIRE(converted<std::uint64_t>(std::to_string(value)) == std::pair{no_error, value});
        const auto number = static_cast<std::int64_t>(value);
        REQUIRE(converted<std::int64_t>(std::to_string(number)) == std::pair{no_error, number});
    }
}

TEST_CASE("convert to double rounds correctly") {
    const auto check = [](const std::string& text) {
        INFO(text);
        const double expected = std::strtod(text.c_str(), nullptr);
        const auto [code, value] = converted<double>(text);
        if (std::isinf(expected)) {
            REQUIRE(code == errc::out_of_range);
        } else {
            REQUIRE(code == no_error);
            REQUIRE(same_bits(value, expected));
        }
    };
    for (const char* text : {"0",
                             "-0",
                             "0.0",
                             "-0.0",
                             "0e999999999999",
                             "9007199254740991",
                             "9007199254740992",
                             "9007199254740993",
                             "9007199254740993.0000000000000000000000000001",
                             "1e22",
                             "1e23",
                             "1e-22",
                             "1e-23",
                             "123456789012345678",
                             "1.7976931348623157e308",
                             "1.7976931348623158e308",
                             "1.7976931348623159e308",
                             "1.8e308",
                             "-1e309",
                             "4.9406564584124654e-324",
                             "2.4703282292062327e-324",
                             "2.4703282292062328e-324",
                             "1e-400",
                             "-1e-400",
                             "2.2250738585072011e-308",
                             "2.2250738585072014e-308",
                             "1e-999999999999999999999",
                             "8.98846567431158e307",
                             "0.1",
                             "0.3",
                             "3.14159265358979323846264338327950288"}) {
        check(text);
    }
    check("1" + std::string(400, '0') + "e-400");
    check("0." + std::string(400, '0') + "1e400");
    check("0." + std::string(800, '0') + "1");
    check("1" + std::string(308, '0'));
    check("1" + std::string(309, '0'));
    check("9007199254740992." + std::string(800, '0') + "1");

    const unsigned seed = 9;
    CAPTURE(seed);
    std::mt19937_64 random{seed};
    const auto digits = [&](std::size_t count) {
        std::string text;
        for (std::size_t i = 0; i < count; ++i) text += static_cast<char>('0' + random() % 10);
        return text;
    };
    for (int round = 0; round < 100'000; ++round) {
        std::string text = random() % 2 == 0 ? "-" : "";
        text += random() % 3 == 0 ? "0" : std::to_string(1 + random() % 9) + digits(random() % 22);
        if (random() % 2 == 0) text += "." + digits(1 + random() % 22);
        if (random() % 2 == 0) text += "e" + std::to_string(static_cast<int>(random() % 700) - 350);
        check(text);
    }
    for (int round = 0; round < 100'000; ++round) {
        const double value = std::bit_cast<double>(random());
        if (!std::isfinite(value)) continue;
        char text[40];
        std::snprintf(text, sizeof text, "%.17g", value);
        const auto [code, back] = converted<double>(text);
        REQUIRE(code == no_error);
        REQUIRE(same_bits(back, value));
    }
}

TEST_CASE("convert to float rounds once") {
    // Halfway between two floats and a little more: through double it would round down.
    CHECK(converted<float>("1.00000005960464477541").second == std::nextafter(1.0f, 2.0f));
    CHECK(converted<float>("3.4028234663852886e38").second == std::numeric_limits<float>::max());
    CHECK(converted<float>("3.5e38").first == errc::out_of_range);
    CHECK(converted<float>("-3.5e38").first == errc::out_of_range);
    CHECK(converted<float>("1e-60") == std::pair{no_error, 0.0f});
    CHECK(converted<long double>("0.5") == std::pair{no_error, 0.5L});
}

TEST_CASE("eight digits at once are the same as one by one") {
    std::mt19937 random{3};
    for (int round = 0; round < 100'000; ++round) {
        char text[9];
        std::snprintf(text, sizeof text, "%08u", static_cast<unsigned>(random() % 100'000'000));
        REQUIRE(not_digits(load_digits(text)) == 0);
        REQUIRE(value_of_eight_digits(load_digits(text)) == std::strtoull(text, nullptr, 10));
        const std::size_t at = random() % 8;
        const auto other = static_cast<char>(random());
        text[at] = other;
        const bool is_digit = other >= '0' && other <= '9';
        REQUIRE(not_digits(load_digits(text)) == (is_digit ? 0 : std::uint64_t{0x80} << 8 * at));
    }
}

TEST_CASE("sixteen digits at once are the same as one by one") {
    std::mt19937_64 random{4};
    for (int round = 0; round < 100'000; ++round) {
        char text[17];
        std::snprintf(text, sizeof text, "%016llu",
                      static_cast<unsigned long long>(random() % 10'000'000'000'000'000));
        std::uint64_t value = 0;
        if (!scan_sixteen_digits(text, value)) return;  // no such instructions
        REQUIRE(value == std::strtoull(text, nullptr, 10));
        const auto other = static_cast<char>(random());
        text[random() % 16] = other;
        REQUIRE(scan_sixteen_digits(text, value) == (other >= '0' && other <= '9'));
    }
}

TEST_CASE("scan_short_number takes numbers of up to seven characters as scan_number does") {
    std::mt19937 random{5};
    int taken = 0;
    for (int round = 0; round < 500'000; ++round) {
        char text[9] = {};
        for (char& c : text) c = "0123456789012345678901234567.eE-, }"[random() % 35];
        text[8] = '\0';
        INFO(text);
        json_number expected;
        const char* const end = scan_number(text, text + 8, expected);
        const short_number number = scan_short_number(text);
        const bool is_short = end != nullptr && end - text < 8 && text[0] != '-' &&
                              digit_of(*end) > 9 &&  // as behind a leading zero
                              std::string_view{text, end}.find_first_of("eE") == std::string::npos;
        REQUIRE((number.end != nullptr) == is_short);
        if (!is_short) continue;
        ++taken;
        REQUIRE(number.end == end);
        REQUIRE(number.digits == expected.digits);
        REQUIRE(-std::int64_t{number.places} == expected.exponent);
        REQUIRE(number.is_integer == expected.is_integer);
        double value = 0, same_value = 0;
        REQUIRE(convert(number, value) == convert(expected, same_value));
        REQUIRE(same_bits(value, same_value));
        float single = 0, same_single = 0;
        REQUIRE(convert(number, single) == convert(expected, same_single));
        REQUIRE(single == same_single);
        std::int8_t small = 0, same_small = 0;
        REQUIRE(convert(number, small) == convert(expected, same_small));
        REQUIRE(small == same_small);
        std::uint64_t large = 0, same_large = 0;
        REQUIRE(convert(number, large) == convert(expected, same_large));
        REQUIRE(large == same_large);
    }
    CHECK(taken > 50'000);
}
