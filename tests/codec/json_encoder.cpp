#include <millrace/codec/json_encoder.hpp>

#include <cstdint>
#include <limits>
#include <optional>

#include <millrace/core/record.hpp>

#include "catch.hpp"

namespace {

struct sample {
    std::string text;
    bool flag = false;
    std::int64_t large = 0;
    double number = 0;
    std::optional<double> maybe;
    millrace::trigger cause = millrace::trigger::event;
    millrace::timestamp time{};
    millrace::timestamp counted{};
};

struct empty {};

struct odd_names {
    int a = 1;
};

}  // namespace

template <>
inline constexpr auto millrace::schema<sample> = millrace::fields(
    millrace::field{"text", &sample::text}, millrace::field{"flag", &sample::flag},
    millrace::field{"large", &sample::large}, millrace::field{"number", &sample::number},
    millrace::field{"maybe", &sample::maybe}, millrace::field{"cause", &sample::cause},
    millrace::field{"time", &sample::time},
    millrace::field{"counted", &sample::counted, millrace::time_format::microseconds});
template <>
inline constexpr auto millrace::schema<empty> = millrace::fields();
template <>
inline constexpr auto millrace::schema<odd_names> = millrace::fields(millrace::field{
    "a \"b\"\n", &odd_names::a});

using namespace millrace;

namespace {

template <class T>
std::string encoded(const T& value, std::string_view key_name = {}) {
    std::string out = "before";
    json_encoder<T>{key_name}.encode(value, out);
    REQUIRE(out.starts_with("before"));
    return out.substr(6);
}

constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("json_encoder writes the fields in the schema's order") {
    const timestamp time{std::chrono::microseconds{1'250'000}};
    CHECK(encoded(sample{"a\"b", true, -5, 0.1, 2.5, trigger::late, time, time}) ==
          R"({"text":"a\"b","flag":true,"large":-5,"number":0.1,"maybe":2.5,"cause":"late",)"
          R"("time":"1970-01-01T00:00:01.250Z","counted":1250000})");
    CHECK(encoded(empty{}) == "{}");
    CHECK(encoded(odd_names{}) == R"({"a \"b\"\n":1})");
}

TEST_CASE("json_encoder writes null for what JSON cannot say") {
    const auto part = [](const sample& value) {
        const std::string all = encoded(value);
        const std::size_t begin = all.find("\"number\""), end = all.find(",\"time\"");
        return all.substr(begin, end - begin);
    };
    sample value;
    CHECK(part(value) == R"("number":0,"maybe":null,"cause":"event")");
    value.number = std::numeric_limits<double>::quiet_NaN();
    value.maybe = -infinity;
    value.cause = static_cast<trigger>(77);
    CHECK(part(value) == R"("number":null,"maybe":null,"cause":null)");
    value.number = infinity;
    value.maybe = 1e300;
    CHECK(part(value) == R"("number":null,"maybe":1e+300,"cause":null)");
}

TEST_CASE("json_encoder keeps 64-bit integers intact") {
    sample value;
    value.large = std::numeric_limits<std::int64_t>::min();
    CHECK(encoded(value).find(R"("large":-9223372036854775808,)") != std::string::npos);
}

TEST_CASE("json_encoder calls the key by the name it is given") {
    record<std::string, named_value<"mean", double>> row;
    row.key = "s1";
    row.result.value = 2;
    row.late = std::numeric_limits<std::uint64_t>::max();
    const std::string rest =
        R"(:"s1","start":"1970-01-01T00:00:00Z","end":"1970-01-01T00:00:00Z","mean":2,"change":"insert","revision":0,)"
        R"("final":true,"trigger":"watermark","watermark":"1970-01-01T00:00:00Z","late":18446744073709551615})";
    CHECK(encoded(row) == R"({"key")" + rest);
    CHECK(encoded(row, "sensor") == R"({"sensor")" + rest);
    CHECK(encoded(row, "a\"b") == R"({"a\"b")" + rest);
    record<no_key, named_value<"mean", double>> whole;
    CHECK(encoded(whole, "sensor").starts_with(R"({"start":)"));
    using encoder = json_encoder<decltype(row)>;
    CHECK_THROWS_AS(encoder{"end"}, std::invalid_argument);
}

TEST_CASE("json_encoder writes texts of every size, plain or not") {
    for (const std::size_t size :
         {0u, 1u, 15u, 16u, 63u, 64u, 65u, 1000u, 1023u, 1024u, 1025u, 5000u}) {
        for (const std::string_view last : {"", "x", "\"", "\u00FC", "\xFF"}) {
            sample value;
            value.text = std::string(size, 'a').append(last);
            std::string expected;
            append_json_string(expected, value.text);
            CHECK(encoded(value).starts_with(R"({"text":)" + expected + R"(,"flag":false,)"));
        }
    }
}

TEST_CASE("json_encoder writes names of every size") {
    for (std::size_t size = 1; size < 100; ++size) {
        record<std::string, named_value<"mean", double>> row;
        const std::string name(size, 'n');
        CHECK(encoded(row, name).starts_with("{\"" + name + R"(":"","start":")"));
    }
}
