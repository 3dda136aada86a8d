#include <millrace/codec/text.hpp>

#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <random>
#include <string>

#include <millrace/core/record.hpp>

#include "catch.hpp"

namespace {

struct mean_of {
    double mean = 0;
};

}  // namespace

template <>
inline constexpr auto millrace::schema<mean_of> = millrace::fields(millrace::field{"mean",
                                                                                   &mean_of::mean});

using namespace millrace;

namespace {

template <class T>
std::string written(const T& value, time_format format = time_format::rfc3339) {
    std::string out = ">";
    append_text(out, value, format);
    return out.substr(1);
}

template <class Key>
std::string key_of(const Key& key) {
    record<Key, mean_of> row;
    row.key = key;
    std::string out = ">";
    key_text(row, out);
    return out;
}

}  // namespace

TEST_CASE("append_text writes each kind of value plainly") {
    CHECK(written(std::string{"a\"b\n"}) == "a\"b\n");
    CHECK(written(std::string_view{""}) == "");
    CHECK(written(true) == "true");
    CHECK(written(false) == "false");
    CHECK(written(-5) == "-5");
    CHECK(written(std::int8_t{-128}) == "-128");
    CHECK(written(std::uint8_t{65}) == "65");
    CHECK(written('A') == "65");
    CHECK(written(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
    CHECK(written(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
    CHECK(written(0.1) == "0.1");
    CHECK(written(0.1f) == "0.1");
    CHECK(written(-0.0) == "-0");
    CHECK(written(1e22) == "1e+22");
    CHECK(written(std::numeric_limits<double>::denorm_min()) == "5e-324");
    CHECK(written(trigger::idle) == "idle");
    CHECK(written(static_cast<trigger>(99)) == "");
    CHECK(written(std::optional<int>{}) == "");
    CHECK(written(std::optional<int>{3}) == "3");
}

TEST_CASE("append_text writes a time in its format") {
    const timestamp time{std::chrono::nanoseconds{1'500'000'001}};
    CHECK(written(time) == "1970-01-01T00:00:01.500000001Z");
    CHECK(written(time, time_format::seconds) == "1");
    CHECK(written(time, time_format::milliseconds) == "1500");
    CHECK(written(time, time_format::microseconds) == "1500000");
    CHECK(written(time, time_format::nanoseconds) == "1500000001");
    CHECK(written(std::optional{time}, time_format::seconds) == "1");
}

TEST_CASE("key_text is the key of a record, behind what is there") {
    CHECK(key_of(std::string{"a\"b"}) == ">a\"b");
    CHECK(key_of(std::int64_t{-7}) == ">-7");
    CHECK(key_of(trigger::stop) == ">stop");
    CHECK(key_of(true) == ">true");
    CHECK(key_of(no_key{}) == ">");
}

TEST_CASE("canonical_key is what key_text says of the key that a text means") {
    CHECK(canonical_key<int>("007") == "7");
    CHECK(canonical_key<int>("-0") == "0");
    CHECK(canonical_key<std::string>("007") == "007");
    CHECK(canonical_key<std::string_view>("") == "");
    CHECK(canonical_key<trigger>("late") == "late");
    CHECK(canonical_key<bool>("true") == "true");
    CHECK_FALSE(canonical_key<int>("7 "));
    CHECK_FALSE(canonical_key<std::uint8_t>("256"));
    CHECK_FALSE(canonical_key<trigger>(""));
    CHECK_FALSE(canonical_key<no_key>(""));
}

TEST_CASE("a key of several parts has them one behind the other") {
    using key = composite_key<std::string, std::int64_t, trigger>;
    CHECK(key_of(key{{"XETR", -7, trigger::late}}) == ">XETR/-7/late");
    CHECK(key_of(key{{"a/b~", 0, trigger::late}}) == ">a~1b~0/0/late");
    CHECK(canonical_key<key>("XETR/007/late") == "XETR/7/late");
    CHECK_FALSE(canonical_key<key>("XETR/007"));
    CHECK_FALSE(canonical_key<key>("XE~TR/7/late"));
}

TEST_CASE("any key of several parts comes back from its text, which no other key has") {
    using key = composite_key<std::string, std::string, std::uint8_t>;
    const std::array<std::string, 9> pieces{
        "/", "~", "~0", "~1", "ü", "\xF0\x9F\x9A\x80", "a", "%2F", std::string{"\0", 1}};
    std::mt19937 random{6901};
    const auto draw = [&] {
        std::string text;
        for (auto left = random() % 4; left > 0; --left) text += pieces[random() % pieces.size()];
        return text;
    };
    std::map<std::string, key> known;
    for (int i = 0; i < 20'000; ++i) {
        const key one{{draw(), draw(), static_cast<std::uint8_t>(random() % 3)}};
        std::string text;
        append_key_text(text, one);
        CAPTURE(text);
        REQUIRE(detail::key_from<key>(text) == one);
        REQUIRE(canonical_key<key>(text) == text);
        REQUIRE(known.emplace(text, one).first->second == one);
    }
    CHECK(known.size() > 5'000);
}
