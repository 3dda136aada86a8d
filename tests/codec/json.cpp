#include <millrace/codec/json.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <type_traits>

#include <millrace/codec/codec.hpp>

#include "decode.hpp"
#include "naive_json.hpp"

namespace {

enum class state { idle, running, faulty };

struct everything {
    std::string text;
    std::string_view view;
    bool flag = false;
    std::int8_t i8 = 0;
    std::uint8_t u8 = 0;
    std::int16_t i16 = 0;
    std::uint16_t u16 = 0;
    std::int32_t i32 = 0;
    std::uint32_t u32 = 0;
    std::int64_t i64 = 0;
    std::uint64_t u64 = 0;
    float single = 0;
    double number = 0;
    state condition = state::idle;
    millrace::timestamp time{}, s{}, ms{}, us{}, ns{};
    std::optional<std::string> maybe_text;
    std::optional<std::int64_t> maybe_integer;
    std::optional<double> maybe_number;
    std::optional<bool> maybe_flag;
    std::optional<state> maybe_state;
    std::optional<millrace::timestamp> maybe_time;
};

struct thing {
    int id = 0;
};

}  // namespace

template <>
inline constexpr auto millrace::schema<state> = millrace::enumerators(
    millrace::enumerator{"idle", state::idle}, millrace::enumerator{"running", state::running},
    millrace::enumerator{"\"faulty\"\n", state::faulty});
template <>
inline constexpr auto millrace::schema<everything> = millrace::fields(
    millrace::field{"text", &everything::text}, millrace::field{"view", &everything::view},
    millrace::field{"flag", &everything::flag}, millrace::field{"i8", &everything::i8},
    millrace::field{"u8", &everything::u8}, millrace::field{"i16", &everything::i16},
    millrace::field{"u16", &everything::u16}, millrace::field{"i32", &everything::i32},
    millrace::field{"u32", &everything::u32}, millrace::field{"i64", &everything::i64},
    millrace::field{"u64", &everything::u64}, millrace::field{"single", &everything::single},
    millrace::field{"number", &everything::number},
    millrace::field{"condition", &everything::condition},
    millrace::field{"time", &everything::time},
    millrace::field{"s", &everything::s, millrace::time_format::seconds},
    millrace::field{"ms", &everything::ms, millrace::time_format::milliseconds},
    millrace::field{"us", &everything::us, millrace::time_format::microseconds},
    millrace::field{"ns", &everything::ns, millrace::time_format::nanoseconds},
    millrace::field{"maybe_text", &everything::maybe_text},
    millrace::field{"maybe_integer", &everything::maybe_integer},
    millrace::field{"maybe_number", &everything::maybe_number},
    millrace::field{"maybe_flag", &everything::maybe_flag},
    millrace::field{"maybe_state", &everything::maybe_state},
    millrace::field{"maybe_time", &everything::maybe_time});
template <>
inline constexpr auto millrace::schema<thing> = millrace::fields(millrace::field{"id", &thing::id});

using namespace millrace;
using namespace std::string_literals;

namespace {

class generator {
public:
    explicit generator(unsigned seed) : random_{seed} {}

    std::uint64_t bits() { return random_(); }
    std::size_t below(std::size_t limit) { return random_() % limit; }
    bool coin() { return random_() % 2 == 0; }

    template <class T>
    T integer() {
        switch (below(4)) {
            case 0: return std::numeric_limits<T>::min();
            case 1: return std::numeric_limits<T>::max();
            default: return static_cast<T>(random_() >> below(64));
        }
    }

    template <class T, class Bits>
    T floating() {
        switch (below(8)) {
            case 0: return std::numeric_limits<T>::denorm_min();
            case 1: return -std::numeric_limits<T>::max();
            case 2: return T{-0.0};
            case 3: return static_cast<T>(static_cast<double>(below(100'000)) / 100);
            default:
                for (;;) {
                    const T value = std::bit_cast<T>(static_cast<Bits>(random_()));
                    if (std::isfinite(value)) return value;
                }
        }
    }

    /// Code points of all lengths, the special ones often.
    std::string text() {
        std::string out;
        for (std::size_t left = below(40); left > 0; --left) {
            static constexpr unsigned limits[] = {0x20, 0x80, 0x80, 0x80, 0x800, 0x10000, 0x110000};
            unsigned point = static_cast<unsigned>(below(limits[below(7)]));
            if (below(8) == 0) point = coin() ? '"' : '\\';
            if (point >> 11 == 0x1B) continue;
            append_utf8(out, point);
        }
        return out;
    }

    timestamp time(std::int64_t unit) {
        const auto count = integer<std::int64_t>();
        return timestamp{duration{count / unit * unit}};
    }

private:
    /// RFC 3629, section 3.
    static void append_utf8(std::string& out, unsigned point) {
        const int tail = point < 0x80 ? 0 : point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
        const unsigned lead = tail == 0 ? 0u : 0xFF00u >> (tail + 1) & 0xFF;
        out += static_cast<char>(lead | point >> 6 * tail);
        for (int i = tail - 1; i >= 0; --i)
            out += static_cast<char>(0x80 | (point >> 6 * i & 0x3F));
    }

    std::mt19937_64 random_;
};

everything random_event(generator& from, std::string& view) {
    view = from.text();
    everything all;
    all.text = from.text();
    all.view = view;
    all.flag = from.coin();
    all.i8 = from.integer<std::int8_t>();
    all.u8 = from.integer<std::uint8_t>();
    all.i16 = from.integer<std::int16_t>();
    all.u16 = from.integer<std::uint16_t>();
    all.i32 = from.integer<std::int32_t>();
    all.u32 = from.integer<std::uint32_t>();
    all.i64 = from.integer<std::int64_t>();
    all.u64 = from.integer<std::uint64_t>();
    all.single = from.floating<float, std::uint32_t>();
    all.number = from.floating<double, std::uint64_t>();
    all.condition = static_cast<state>(from.below(3));
    all.time = from.time(1);
    all.s = from.time(1'000'000'000);
    all.ms = from.time(1'000'000);
    all.us = from.time(1'000);
    all.ns = from.time(1);
    if (from.coin()) all.maybe_text = from.text();
    if (from.coin()) all.maybe_integer = from.integer<std::int64_t>();
    if (from.coin()) all.maybe_number = from.floating<double, std::uint64_t>();
    if (from.coin()) all.maybe_flag = from.coin();
    if (from.coin()) all.maybe_state = static_cast<state>(from.below(3));
    if (from.coin()) all.maybe_time = from.time(1);
    return all;
}

template <class T>
bool same(const T& a, const T& b) {
    if constexpr (is_optional<T>) {
        return a.has_value() == b.has_value() && (!a || same(*a, *b));
    } else if constexpr (std::same_as<T, double>) {
        return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
    } else if constexpr (std::same_as<T, float>) {
        return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
    } else {
        return a == b;
    }
}

/// The name of the first field in which the events differ.
std::string_view difference(const everything& a, const everything& b) {
    std::string_view name;
    schema<everything>.for_each([&](const auto& field) {
        if (name.empty() && !same(field.get(a), field.get(b))) name = field.name;
    });
    return name;
}

}  // namespace

TEST_CASE("json is a codec") {
    STATIC_REQUIRE(codec<json, everything>);
    require_codec<json, everything>();
}

TEST_CASE("json gives back every event that it wrote, bit for bit") {
    const unsigned seed = 1'234;
    CAPTURE(seed);
    generator from{seed};
    const json_encoder<everything> encoder;
    json_decoder<everything> decoder;
    for (int round = 0; round < 3'000; ++round) {
        everything events[3];
        std::string views[3];
        std::string array = "[", lines;
        for (int i = 0; i < 3; ++i) {
            events[i] = random_event(from, views[i]);
            std::string one;
            encoder.encode(events[i], one);
            REQUIRE(naive_json::is_valid(one));
            array += (i > 0 ? "," : "") + one;
            lines += one + "\n";
        }
        for (std::string message : {array + "]", lines}) {
            INFO(message);
            std::size_t count = 0;
            decoder.decode(
                std::span{message.data(), message.size()},
                [&](const everything& event) { CHECK(difference(event, events[count++]) == ""); },
                [](const input_error& error) { FAIL(error.code.message() << ' ' << error.field); });
            REQUIRE(count == 3);
        }
    }
}

namespace {

/// Whether all strings and brackets are closed at the end of the line.
bool is_closed(std::string_view line) {
    std::size_t depth = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] == '\\' && in_string) {
            ++i;
        } else if (line[i] == '"') {
            in_string = !in_string;
        } else if (!in_string && std::string_view{"{["}.find(line[i]) != std::string_view::npos) {
            ++depth;
        } else if (!in_string && std::string_view{"}]"}.find(line[i]) != std::string_view::npos) {
            if (depth > 0) --depth;
        }
    }
    return depth == 0 && !in_string;
}

/// Whether the first line is closed and not the last, or a line begins with a brace that no JSON
/// text could have there.
bool is_lines(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
    const std::string_view first = text.substr(0, text.find('\n'));
    if (text.find_first_not_of(" \t\r\n", first.size()) != std::string_view::npos &&
        is_closed(first))
        return true;
    for (std::size_t at = 0; (at = text.find("\n{", at)) != std::string_view::npos; ++at) {
        const std::size_t before = text.substr(0, at).find_last_not_of(" \t\r\n");
        if (before == std::string_view::npos) continue;
        if (std::string_view{",:["}.find(text[before]) == std::string_view::npos) return true;
    }
    return false;
}

/// The message's events and faults must agree with the grammar's letter and with each other.
void check_against_grammar(const std::string& text) {
    INFO(text);
    const auto all = decode<thing>(text);
    std::size_t last = 0, ends = 0;
    for (const fault& each : all.faults) {
        REQUIRE(each.offset <= text.size());
        REQUIRE((last == 0 || each.index >= last));
        last = each.index + 1;
        if (each.code == errc::malformed_json || each.code == errc::invalid_utf8 ||
            each.code == errc::too_deep || each.code == errc::nul_byte)
            ++ends;
        if (each.code == errc::nul_byte) REQUIRE(text.at(each.offset) == '\0');
        if (each.unread_bytes != 0) {
            REQUIRE(&each == &all.faults.back());
            REQUIRE(each.unread_bytes <= text.size());
        }
    }
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    const bool is_array = first != std::string::npos && text[first] == '[';
    if (!is_array && is_lines(text)) {
        REQUIRE_FALSE(naive_json::is_valid(text));
        // Each line that holds anything is an event or a fault.
        std::size_t expected = 0;
        for (std::size_t at = 0; at <= text.size();) {
            const std::size_t end = std::min(text.find('\n', at), text.size());
            const std::string_view line = std::string_view{text}.substr(at, end - at);
            if (line.find_first_not_of(" \t\r") != std::string_view::npos) ++expected;
            at = end + 1;
        }
        REQUIRE(all.order.size() == expected);
        return;
    }
    if (naive_json::is_valid(text)) {
        REQUIRE((ends > 0) == (naive_json::depth(text) > 64));
    } else {
        REQUIRE(ends > 0);
        if (!is_array) REQUIRE((ends == 1 && all.events.empty()));
    }
}

}  // namespace

TEST_CASE("json takes every text that the grammar has") {
    for (const std::string_view value : {"0",
                                         "-0",
                                         "1",
                                         "-1",
                                         "0.5",
                                         "1e5",
                                         "1E+5",
                                         "1e-5",
                                         "123456789012345678901234567890",
                                         "1e400",
                                         "-1e-400",
                                         "true",
                                         "false",
                                         "null",
                                         "\"\"",
                                         "\"a\"",
                                         R"("\"\\\/\b\f\n\r\t")",
                                         R"("\u0000")",
                                         R"("\uD83D\uDE00")",
                                         R"("\uabCD")",
                                         "\"\x7F\"",
                                         "\"\u00E9\u20AC\U0001F600\uFFFF\U0010FFFF\"",
                                         "[]",
                                         "{}",
                                         "[[]]",
                                         "[{}]",
                                         "[1,2]",
                                         "[ 1 , 2 ]",
                                         "{\"\":{}}",
                                         "{\"a\":[1,{\"b\":null}],\"a\":2}",
                                         "[[[[[[[[]]]]]]]]",
                                         "\"/\"",
                                         "[\"a\",1,true,false,null,{},[]]"}) {
        for (const std::string& text :
             {"{\"id\":1,\"x\":"s + std::string{value} + "}",
              " {\t\"x\" :\n"s + std::string{value} + "\r, \"id\":1 } "}) {
            REQUIRE(naive_json::is_valid(text));
            CHECK(event_of<thing>(text).id == 1);
        }
        check_against_grammar(std::string{value});
        check_against_grammar("[" + std::string{value} + "]");
    }
}

TEST_CASE("json refuses every text that the grammar does not have") {
    for (const std::string_view value : {"",
                                         " ",
                                         ",",
                                         ":",
                                         "}",
                                         "]",
                                         "-",
                                         "+1",
                                         "01",
                                         "1.",
                                         ".1",
                                         "1e",
                                         "1e+",
                                         "1.e1",
                                         "0x1",
                                         "1_0",
                                         "- 1",
                                         "1 2",
                                         "Infinity",
                                         "NaN",
                                         "-Infinity",
                                         "nul",
                                         "nulL",
                                         "tru",
                                         "True",
                                         "truee",
                                         "falsy",
                                         "undefined",
                                         "'a'",
                                         "\"",
                                         "\"a",
                                         "a\"",
                                         "\"\\\"",
                                         R"("\x41")",
                                         R"("\u12")",
                                         R"("\u12G4")",
                                         R"("\U0041")",
                                         R"("\ud800")",
                                         R"("\ud800\u0041")",
                                         R"("\ude00")",
                                         R"("\ude00\ud83d")",
                                         "\"\t\"",
                                         "\"\n\"",
                                         "\"\x1F\"",
                                         "\"\x80\"",
                                         "\"\xC3\"",
                                         "\"\xC0\x80\"",
                                         "\"\xED\xA0\x80\"",
                                         "\"\xF4\x90\x80\x80\"",
                                         "\"\xF8\x88\x80\x80\x80\"",
                                         "\"\xFF\"",
                                         "\xC3\xA9",
                                         "[",
                                         "[1",
                                         "[1,",
                                         "[1,]",
                                         "[,1]",
                                         "[1 2]",
                                         "[1;2]",
                                         "[1,,2]",
                                         "[}",
                                         "{]",
                                         "{",
                                         "{\"a\"",
                                         "{\"a\":",
                                         "{\"a\":1",
                                         "{\"a\":1,",
                                         "{\"a\":1,}",
                                         "{,}",
                                         "{\"a\"}",
                                         "{\"a\":}",
                                         "{\"a\" 1}",
                                         "{a:1}",
                                         "{1:1}",
                                         "{\"a\":1 \"b\":2}",
                                         "{\"a\":1,,\"b\":2}",
                                         "{\"a\"::1}",
                                         "{null:1}",
                                         "/* */ 1",
                                         "1 // x",
                                         "1 # x",
                                         "\v1",
                                         "\f1",
                                         "\u00A0"
                                         "1",
                                         "\xEF\xBB\xBF"
                                         "1",
                                         "()",
                                         "1,",
                                         "1]",
                                         "1}",
                                         "\\u0031",
                                         "[1]]"}) {
        for (const std::string& text : {"{\"id\":1,\"x\":"s + std::string{value} + "}",
                                        "{\"x\":"s + std::string{value} + ",\"id\":1}"}) {
            INFO(text);
            if (naive_json::is_valid(text)) continue;  // such as {"id":1,"x":1}}
            const fault found = fault_of<thing>(text);
            CHECK((found.code == errc::malformed_json || found.code == errc::invalid_utf8));
        }
        check_against_grammar(std::string{value});
        check_against_grammar("[" + std::string{value} + "]");
        check_against_grammar("[{\"id\":1}," + std::string{value} + "]");
    }
}

TEST_CASE("json agrees with the grammar on damaged texts") {
    static constexpr std::string_view seeds[] = {
        R"({"id":1,"other":{"a":[1,-2.5e3,true,false,null,"x\u00e9\n"],"b":{}}})",
        R"([{"id":1},{"id":2,"s":"\ud83d\ude00\\"},{"id":"3"},{"id":4,"f":0.25},{}])",
        "{\"id\":1}\n{\"id\":2,\"t\":\"gr\xC3\xBC\xC3\x9F"
        "e \xE2\x82\xAC\"}\r\n\n{\"id\":3}\n",
        R"(  {"id" : 123456789 , "long string to step over":"0123456789abcdef0123456789abcdef"}  )",
        R"([[[[{"id":1}]]],1e400,12345678901234567890123])",
    };
    static constexpr std::string_view pieces[] = {
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\",
        "\\u",
        "\\ud83d",
        "\\ude00",
        "0",
        "1e",
        "-",
        ".",
        "e400",
        "true",
        "null",
        "\n",
        "\n{",
        "\r",
        " ",
        "\x80",
        "\xC3",
        "\xF0\x9F\x98\x80",
        "\xED\xA0\x80",
        "\xEF\xBB\xBF",
        R"("id":5)",
        R"({"id":6})",
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["};
    const unsigned seed = 77;
    CAPTURE(seed);
    generator from{seed};
    for (int round = 0; round < 60'000; ++round) {
        std::string text{seeds[from.below(std::size(seeds))]};
        for (std::size_t damage = from.below(4); damage > 0; --damage) {
            const std::size_t at = from.below(text.size() + 1);
            switch (from.below(6)) {
                case 0: text.resize(at); break;
                case 1: text.erase(0, at); break;
                case 2: text.erase(at, 1 + from.below(8)); break;
                case 3:
                    if (at < text.size()) text[at] = static_cast<char>(from.bits());
                    break;
                case 4:
                    text.insert(at, text.substr(from.below(text.size() + 1), from.below(20)));
                    break;
                default: text.insert(at, pieces[from.below(std::size(pieces))]);
            }
        }
        check_against_grammar(text);
    }
}

TEST_CASE("json agrees with the grammar on every beginning and every single change of a byte") {
    const std::string whole =
        R"([{"id":1,"s":"\u00e9\ud83d\ude00x"},{"id":-2,"f":[1.5e-3,{"t":true}]}])";
    for (std::size_t size = 0; size <= whole.size(); ++size)
        check_against_grammar(whole.substr(0, size));
    for (std::size_t at = 0; at < whole.size(); ++at) {
        for (int byte = 0; byte < 256; ++byte) {
            std::string changed = whole;
            changed[at] = static_cast<char>(byte);
            check_against_grammar(changed);
        }
    }
}
