#include <millrace/codec/json_decoder.hpp>

#include <random>
#include <string>
#include <type_traits>

#include "decode.hpp"

namespace {

struct reading {
    std::string sensor;
    double value = 0;

    friend bool operator==(const reading&, const reading&) = default;
};

struct point {
    int x = 0;
};

struct view {
    std::string_view text;
};

}  // namespace

template <>
inline constexpr auto millrace::schema<reading> = millrace::fields(
    millrace::field{"sensor", &reading::sensor}, millrace::field{"value", &reading::value});
template <>
inline constexpr auto millrace::schema<point> = millrace::fields(millrace::field{"x", &point::x});
template <>
inline constexpr auto millrace::schema<view> = millrace::fields(millrace::field{"text",
                                                                                &view::text});

using namespace millrace;
using namespace std::string_literals;

namespace {

std::vector<int> xs(const decoded<point>& all) {
    std::vector<int> numbers;
    for (const point& each : all.events) numbers.push_back(each.x);
    return numbers;
}

using ints = std::vector<int>;
using faults = std::vector<fault>;

}  // namespace

TEST_CASE("json_decoder reads one object, wherever its members and white space are") {
    const reading expected{"a", 1.5};
    CHECK(event_of<reading>(R"({"sensor":"a","value":1.5})") == expected);
    CHECK(event_of<reading>(R"({"value":1.5,"sensor":"a"})") == expected);
    CHECK(event_of<reading>(" \t\r\n{ \"sensor\" : \"a\" ,\n \"value\"\r:\t1.5 } \r\n\t") ==
          expected);
    CHECK(event_of<reading>(R"({"other":{"sensor":"b"},"sensor":"a","x":[1,{}],"value":1.5})") ==
          expected);
}

TEST_CASE("json_decoder reads an array of objects") {
    CHECK(xs(decode<point>(R"([{"x":1},{"x":2},{"x":3}])")) == ints{1, 2, 3});
    CHECK(xs(decode<point>(" [ {\"x\":1}\n,\n{\"x\":2} ] \n")) == ints{1, 2});
    const auto none = decode<point>(" [ ] ");
    CHECK(none.events.empty());
    CHECK(none.faults.empty());
}

TEST_CASE("json_decoder reads lines of objects") {
    CHECK(xs(decode<point>("{\"x\":1}\n{\"x\":2}")) == ints{1, 2});
    CHECK(xs(decode<point>("{\"x\":1}\r\n{\"x\":2}\r\n")) == ints{1, 2});
    CHECK(xs(decode<point>("\n\n{\"x\":1}\n \t\r\n\n{\"x\":2} \n\n")) == ints{1, 2});
    CHECK(decode<point>("\n\n{\"x\":1}\n \t\r\n\n{\"x\":2} \n\n").faults.empty());
}

TEST_CASE("json_decoder: one object may take several lines") {
    CHECK(event_of<point>("{\n  \"legs\": [\n    {\"y\": 1}\n  ],\n  \"x\": 5\n}\n").x == 5);
    CHECK(event_of<point>("{\"y\":\n{\"z\":[\n{},\r\n \n{}]},\n\"x\":5}").x == 5);
    CHECK(fault_of<point>("{\n  \"x\" 5\n}\n") == fault{0, errc::malformed_json, "", 8, 8});
}

TEST_CASE("json_decoder: an event that is refused does not harm its neighbours in an array") {
    const auto all = decode<reading>(
        R"([{"sensor":"a","value":1},{"sensor":"b","value":"x"},{"sensor":"c","value":3},{"value":4})"
        R"(,{"sensor":"e","value":1e400},{"sensor":"f","value":6,"value":7},8,[9],"s",null,true,)"
        R"({"sensor":"l","value":12}])");
    CHECK(all.events == std::vector<reading>{{"a", 1}, {"c", 3}, {"l", 12}});
    CHECK(all.faults == faults{{1, errc::wrong_type, "value", 48},
                               {3, errc::missing_field, "sensor", 78},
                               {4, errc::out_of_range, "value", 112},
                               {5, errc::duplicate_field, "value", 143},
                               {6, errc::not_an_object, "", 154},
                               {7, errc::not_an_object, "", 156},
                               {8, errc::not_an_object, "", 160},
                               {9, errc::not_an_object, "", 164},
                               {10, errc::not_an_object, "", 169}});
    CHECK(all.order == std::vector<bool>{true, false, true, false, false, false, false, false,
                                         false, false, false, true});
}

TEST_CASE("json_decoder: a malformed element of an array harms no other") {
    const auto check = [](std::string_view text, const ints& expected, const fault& of_text) {
        INFO(text);
        const auto all = decode<point>(text);
        CHECK(xs(all) == expected);
        CHECK(all.faults == faults{of_text});
    };
    check(R"([{"x":1},{"x":2},{"x":},{"x":4}])", {1, 2, 4}, {2, errc::malformed_json, "", 22});
    check(R"([{"x":NaN},{"x":2}])", {2}, {0, errc::malformed_json, "", 6});
    check(R"([{"y":[{"z":-Infinity}],"x":1} , {"x":2}])", {2}, {0, errc::malformed_json, "", 13});
    check(R"([{"x":1},{"x":2} {"x":3},{"x":4}])", {1, 4}, {1, errc::malformed_json, "", 17});
    check(R"([{"x":1},,{"x":3}])", {1, 3}, {1, errc::malformed_json, "", 9});
    check(R"([,{"x":1}])", {1}, {0, errc::malformed_json, "", 1});
    check(R"([{"x":1},])", {1}, {1, errc::malformed_json, "", 9});
    check(R"([{"x":1},{"x":"a","y":01},{"x":3}])", {1, 3}, {1, errc::malformed_json, "", 22});
    check(R"([{"x":1,"y":"\ud800\"},{"},{"x":2}])", {2}, {0, errc::malformed_json, "", 13});
    check(R"([{"x":1,"y":"\ude00,"},{"x":2,"y":"z"}])", {2}, {0, errc::malformed_json, "", 12});
    check(R"([{"x":1,"\ude00\q":"],"},{"x":2,"y":"z"}])", {2}, {0, errc::malformed_json, "", 15});
    check(R"([{"y":"\u12","x":1},{"x":2}])", {2}, {0, errc::malformed_json, "", 7});
    check("[{\"y\":\"\n\"},{\"x\":2}]", {2}, {0, errc::malformed_json, "", 7});
    check("[{\"y\":\"\0\"},{\"x\":2}]"s, {2}, {0, errc::nul_byte, "", 7});
    check("[{\"x\":1},\0{\"x\":2},{\"x\":3}]"s, {1, 3}, {1, errc::nul_byte, "", 9});
    check("[{\"x\":1},{\"x\":2,\"y\":\"\xFF\"},{\"x\":3}]", {1, 3},
          {1, errc::invalid_utf8, "", 21});
    // One bracket stands for another.
    check(R"([{"y":[1,{"x":7}},"x":1},{"x":2}])", {2}, {0, errc::malformed_json, "", 16});
}

TEST_CASE("json_decoder gives an array up where an element's end cannot be told") {
    const auto check = [](std::string_view text, const ints& before, const fault& expected) {
        INFO(text);
        const auto all = decode<point>(text);
        CHECK(xs(all) == before);
        CHECK(all.faults == faults{expected});
    };
    check(R"([{"x":1},{"x":2})", {1, 2}, {2, errc::malformed_json, "", 16, 0});
    check(R"([)", {}, {0, errc::malformed_json, "", 1, 0});
    check(R"([{"x":1},[{"x":2})", {1}, {1, errc::malformed_json, "", 17, 8});
    check(R"([{"x":1},[{"x":2}])", {1}, {1, errc::malformed_json, "", 18, 9});
    check(R"([{"x":1},{"x":2)", {1}, {1, errc::malformed_json, "", 15, 6});
    check(R"([{"x":1}]])", {1}, {1, errc::malformed_json, "", 9, 1});
    check(R"([{"x":1}]{"x":2})", {1}, {1, errc::malformed_json, "", 9, 7});
    check(R"([{"x":1}},{"x":2}])", {}, {0, errc::malformed_json, "", 8, 17});
    check(R"([{"x":1}"y":2},{"x":3}])", {}, {0, errc::malformed_json, "", 8, 22});
    check(R"([]x)", {}, {0, errc::malformed_json, "", 2, 1});
    // A quote is missing, or there is one too many.
    check(R"([{"x":1,"y":"a},{"x":2},{"x":3}])", {}, {0, errc::malformed_json, "", 18, 31});
    check(R"([{"x":1,"y":"a""},{"x":2},{"x":3}])", {}, {0, errc::malformed_json, "", 15, 33});
    check(R"([{"x":1,"y":"a},{"y":"\"","x":2}])", {}, {0, errc::malformed_json, "", 18, 32});
    // So is a bracket.
    check(R"([{"x":1,{"x":2},{"x":3}])", {}, {0, errc::malformed_json, "", 8, 23});
    check(R"([{"x":1},{"y":[2,{"x":2},{"x":3}])", {1}, {1, errc::malformed_json, "", 33, 24});
    check(R"([{"y":[NaN]]},{"x":2},{"x":3}],"x":1}])", {}, {0, errc::malformed_json, "", 7, 37});
}

TEST_CASE("json_decoder: a malformed line harms no other line") {
    const auto all = decode<point>(
        "{\"x\":1,\"y\":\n"      // ends early
        "{\"x\":2}\n"            //
        "garbage\n"              //
        "{\"x\":3} {\"x\":4}\n"  // two on a line
        "\n"                     //
        "{\"x\":5}\r\n"          //
        "[{\"x\":6}]\n"          // an array is no event
        "{\"x\":\"7\"}\n"        //
        "  {\"x\":8}\n"          //
        "{\"x\":\"\x80\"}\n"
        "\0\n"
        "{\"x\":\0}\n"
        "{\"x\":12}"s);
    CHECK(xs(all) == ints{2, 5, 8, 12});
    CHECK(all.faults == faults{{0, errc::malformed_json, "", 11},
                               {2, errc::malformed_json, "", 20},
                               {3, errc::malformed_json, "", 36},
                               {5, errc::not_an_object, "", 54},
                               {6, errc::wrong_type, "x", 69},
                               {8, errc::invalid_utf8, "", 90},
                               {9, errc::nul_byte, "", 94},
                               {10, errc::nul_byte, "", 101}});
}

TEST_CASE("json_decoder: lines need not begin with a brace") {
    CHECK(xs(decode<point>("{\"x\":1}\n  {\"x\":2}\n\t{\"x\":3}")) == ints{1, 2, 3});
    const auto behind = decode<point>("{\"x\":1}\n5");
    CHECK(xs(behind) == ints{1});
    CHECK(behind.faults == faults{{1, errc::not_an_object, "", 8}});
    const auto first = decode<point>("NaN\n {\"x\":2}");
    CHECK(xs(first) == ints{2});
    CHECK(first.faults == faults{{0, errc::malformed_json, "", 0}});
    CHECK(xs(decode<point>("{\"x\":1}}\n {\"x\":2}")) == ints{2});
}

TEST_CASE("json_decoder takes nothing out of a malformed object of several lines") {
    CHECK(fault_of<point>("{\n \"y\": [\n  {\"x\":1}\n  {\"x\":2}\n ]\n}") ==
          fault{0, errc::malformed_json, "", 22, 31});
    CHECK(fault_of<point>("{\"y\":\"a\n , {\"x\":1}\n}") ==
          fault{0, errc::malformed_json, "", 7, 11});
}

TEST_CASE("json_decoder refuses an object with anything behind it") {
    CHECK(fault_of<point>(R"({"x":1}x)") == fault{0, errc::malformed_json, "", 7});
    CHECK(fault_of<point>(R"({"x":1} {"x":2})") == fault{0, errc::malformed_json, "", 8});
}

TEST_CASE("json_decoder refuses a message that is no event") {
    CHECK(fault_of<point>("") == fault{0, errc::malformed_json, "", 0});
    CHECK(fault_of<point>(" \n") == fault{0, errc::malformed_json, "", 2});
    CHECK(fault_of<point>("5") == fault{0, errc::not_an_object, "", 0});
    CHECK(fault_of<point>(" -1.5e3 ") == fault{0, errc::not_an_object, "", 1});
    CHECK(fault_of<point>("\"x\"") == fault{0, errc::not_an_object, "", 0});
    CHECK(fault_of<point>("true") == fault{0, errc::not_an_object, "", 0});
    CHECK(fault_of<point>("false") == fault{0, errc::not_an_object, "", 0});
    CHECK(fault_of<point>("null") == fault{0, errc::not_an_object, "", 0});
}

TEST_CASE("json_decoder refuses a message of no bytes without a look at them") {
    json_decoder<point> decoder;
    int errors = 0;
    decoder.decode(
        std::span<char>{}, [](const point&) { FAIL(); }, [&](const input_error&) { ++errors; });
    CHECK(errors == 1);
}

TEST_CASE("json_decoder refuses a NUL byte wherever it is") {
    CHECK(fault_of<point>("{\"x\":1}\0garbage"s) == fault{0, errc::nul_byte, "", 7});
    CHECK(fault_of<point>("{\"x\":123\0}"s) == fault{0, errc::nul_byte, "", 8});
    CHECK(fault_of<view>("{\"text\":\"a\0b\"}"s) == fault{0, errc::nul_byte, "", 10});
    CHECK(fault_of<view>("\0"s) == fault{0, errc::nul_byte, "", 0});
    const auto array = decode<point>("[{\"x\":1},{\"x\":2}]\0"s);
    CHECK(xs(array) == ints{1, 2});
    CHECK(array.faults == faults{{2, errc::nul_byte, "", 17, 1}});
}

TEST_CASE("json_decoder refuses a byte order mark, whole or in part") {
    CHECK(fault_of<point>("\xEF\xBB\xBF{\"x\":1}").code == errc::malformed_json);
    CHECK(fault_of<point>("\xEF\xBB{\"x\":1}").code == errc::malformed_json);
}

TEST_CASE("json_decoder gives views of the message, unescaped in place") {
    std::string message = R"({"text":"a\u00e9\nb\u0000c"})";
    const std::string_view whole = message;
    json_decoder<view> decoder;
    int events = 0;
    decoder.decode(
        message,
        [&](const view& event) {
            ++events;
            CHECK(event.text == "a\u00e9\nb\0c"s);
            CHECK(event.text.data() >= whole.data());
            CHECK(event.text.data() + event.text.size() <= whole.data() + whole.size());
        },
        [](const input_error&) { FAIL(); });
    CHECK(events == 1);
}

TEST_CASE("json_decoder restores the byte behind the message when a handler throws") {
    std::string buffer = R"({"x":1}7)";
    json_decoder<point> decoder;
    const std::span message{buffer.data(), buffer.size() - 1};
    CHECK_THROWS_AS(decoder.decode(
                        message, [](const point&) { throw 1; }, [](const input_error&) {}),
                    int);
    CHECK(buffer.back() == '7');
    CHECK(decode(decoder, R"({"x":2})").events[0].x == 2);
}

TEST_CASE("json_decoder reads no more than max_events of a message") {
    const codec_limits limits{.max_events = 3};
    for (const std::string_view text :
         {R"([{"x":1},{"x":2},{"x":3}])", "{\"x\":1}\n{\"x\":2}\n{\"x\":3}\n"}) {
        CHECK(xs(decode<point>(text, limits)) == ints{1, 2, 3});
        CHECK(decode<point>(text, limits).faults.empty());
    }
    const auto array = decode<point>(R"([{"x":1},5,{"x":3},{"x":4},{"x":5}])", limits);
    CHECK(xs(array) == ints{1, 3});
    CHECK(array.faults.size() == 2);
    CHECK(array.faults.back() == fault{3, errc::too_many_events, "", 19, 16});
    const auto lines = decode<point>("{\"x\":1}\n\n5\n{\"x\":3}\n\n{\"x\":4}\n{\"x\":5}", limits);
    CHECK(xs(lines) == ints{1, 3});
    CHECK(lines.faults.back() == fault{3, errc::too_many_events, "", 20, 15});
}

TEST_CASE("json_decoder: too deep an element or line harms no other") {
    const codec_limits limits{.max_depth = 3};
    const auto array =
        decode<point>(R"([{"x":1,"y":[]},{"x":2,"y":[[]]},{"x":3,"y":[]},[{"y":[]}]])", limits);
    CHECK(xs(array) == ints{1, 3});
    CHECK(array.faults == faults{{1, errc::too_deep, "", 28}, {3, errc::too_deep, "", 54}});
    const auto lines = decode<point>("{\"y\":[[[]]],\"x\":1}\n{\"y\":[[{}]]}\n{\"x\":3}", limits);
    CHECK(xs(lines) == ints{3});
    CHECK(lines.faults == faults{{0, errc::too_deep, "", 7}, {1, errc::too_deep, "", 26}});
}

TEST_CASE("json_decoder survives a depth bomb under any limit") {
    for (const std::size_t depth : {std::size_t{0}, std::size_t{64}, std::size_t(-1)}) {
        const codec_limits limits{.max_depth = depth};
        CHECK(fault_of<point>(std::string(1'000'000, '['), limits).code == errc::too_deep);
        std::string objects;
        for (int i = 0; i < 200'000; ++i) objects += R"({"x":)";
        CHECK(fault_of<point>(objects, limits).code == errc::too_deep);
    }
}

TEST_CASE("json_decoder depth counts every array and object") {
    const auto nested = [](std::size_t depth) {
        return R"({"x":1,"y":)" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}";
    };
    CHECK(event_of<point>(nested(64)).x == 1);
    CHECK(fault_of<point>(nested(65)) == fault{0, errc::too_deep, "", 74});
    CHECK(xs(decode<point>("[" + nested(63) + "]")) == ints{1});
    CHECK(decode<point>("[" + nested(64) + "]").faults[0].code == errc::too_deep);
    CHECK(event_of<point>(nested(512), {.max_depth = 10'000}).x == 1);
    CHECK(fault_of<point>(nested(513), {.max_depth = 10'000}).code == errc::too_deep);
}

TEST_CASE("json_decoder can be copied, and keeps nothing from message to message") {
    json_decoder<point> decoder;
    CHECK(decode(decoder, R"({"x":1)").faults.size() == 1);
    CHECK(xs(decode(decoder, R"({"x":2})")) == ints{2});
    json_decoder<point> copy = decoder;
    CHECK(decode(copy, R"({})").faults == faults{{0, errc::missing_field, "x", 0}});
}

TEST_CASE("json_decoder finds the same in an array and in lines as a naive model") {
    struct item {
        std::string text;
        bool is_good;
        errc code;
    };
    const item items[] = {
        {R"({"x":N})", true, {}},
        {R"({ "y" : [1, {"x": 2}, "]}"], "x" : N })", true, {}},
        {R"({"x":N,"z":"\"\\\u0041","w":1e999})", true, {}},
        {R"({"x":"N"})", false, errc::wrong_type},
        {R"({"x":99999999999})", false, errc::out_of_range},
        {R"({"y":N})", false, errc::missing_field},
        {R"({"x":N,"x":N})", false, errc::duplicate_field},
        {R"([N])", false, errc::not_an_object},
    };
    const unsigned seed = 20'240'611;
    CAPTURE(seed);
    std::mt19937 random{seed};
    for (int round = 0; round < 2'000; ++round) {
        const bool is_array = random() % 2 == 0;
        const std::size_t count = 2 + random() % 8;
        std::string text = is_array ? "[" : "";
        ints expected;
        std::vector<std::pair<std::size_t, errc>> refused;
        for (std::size_t i = 0; i < count; ++i) {
            // A message that begins with a bracket would be an array; lines must show as such.
            const bool must_be_object = !is_array && (i == 0 || i == 1);
            const item& chosen = items[random() % (must_be_object ? 7 : 8)];
            std::string one = chosen.text;
            const int number = static_cast<int>(random() % 100'000);
            for (std::size_t at; (at = one.find('N')) != std::string::npos;) {
                one.replace(at, 1, std::to_string(number));
            }
            if (i > 0) text += is_array ? ", " : random() % 2 == 0 ? "\r\n" : "\n";
            text += one;
            if (chosen.is_good) {
                expected.push_back(number);
            } else {
                refused.emplace_back(i, chosen.code);
            }
        }
        if (is_array) text += "]";
        INFO(text);
        const auto all = decode<point>(text);
        CHECK(xs(all) == expected);
        std::vector<std::pair<std::size_t, errc>> found;
        for (const fault& each : all.faults) found.emplace_back(each.index, each.code);
        CHECK(found == refused);
    }
}

namespace {

/// By the letter: whether the text is one element of an array, whatever its values are like.
bool is_one_element(std::string_view text) {
    std::string open;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (!open.empty() && open.back() == '"') {
            if (c == '\\') ++i;
            if (c == '"') open.pop_back();
        } else if (c == '"' || c == '{' || c == '[') {
            open += c;
        } else if (c == '}' || c == ']') {
            if (open.empty()) return false;
            open.pop_back();
        } else if (c == '\\' || (c == ',' && open.empty())) {
            return false;
        }
    }
    return open.empty();
}

/// A good event with decoys, which hold numbers from 1000 on.
std::string event_with_decoys(std::mt19937& random, int number) {
    static constexpr std::string_view others[] = {
        R"("y":[[{"x":1000},{"x":1001}],[]])",
        R"("s":"},{\"x\":1002},{")",
        R"("t":"\\\",]{\u0022\ud83d\ude00")",
        R"("":{"z":{"x":1003},"w":[1,{"x":1004},3]})",
        R"("n":-1.5e-3)",
        "\"u\":\"gr\u00FC\u00DFe, },{ and ],[\"",
    };
    std::string members = "\"x\":" + std::to_string(number);
    for (int i = 0; i < 3; ++i) {
        const std::string other{others[random() % std::size(others)]};
        if (members.find(other.substr(0, 4)) != std::string::npos) continue;
        members = random() % 2 == 0 ? members + ", " + other : other + "," + members;
    }
    return "{" + members + "}";
}

/// A few bytes of the text are lost, changed or added.
void damage(std::mt19937& random, std::string& text) {
    static constexpr std::string_view pieces[] = {"\"", "\\", "{",    "}",    "[",   "]",     ",",
                                                  ":",  "-",  "NaN",  "nul",  "\\u", "\\ud8", "x",
                                                  "0",  " ",  "\x80", "\"\"", "}}",  "]}"};
    const std::size_t at = random() % text.size();
    switch (random() % 4) {
        case 0: text.erase(at, 1 + random() % 3); break;
        case 1: text[at] = static_cast<char>(random() % 256); break;
        case 2: text.replace(at, 1, pieces[random() % std::size(pieces)]); break;
        default: text.insert(at, pieces[random() % std::size(pieces)]);
    }
    std::erase(text, '\n');
}

}  // namespace

TEST_CASE("json_decoder: a damaged event harms no neighbour, and none is made up") {
    const unsigned seed = 20'261'126;
    CAPTURE(seed);
    std::mt19937 random{seed};
    int given_up = 0, gone_on = 0;
    for (int round = 0; round < 20'000; ++round) {
        const bool is_array = round % 2 == 0;
        const std::size_t count = 2 + random() % 5;
        const std::size_t damaged = random() % count;
        std::string text = is_array ? "[" : "", one;
        ints before, behind;
        for (std::size_t i = 0; i < count; ++i) {
            std::string event = event_with_decoys(random, static_cast<int>(i));
            if (i == damaged) damage(random, event);
            if (i == damaged) one = event;
            if (i < damaged) before.push_back(static_cast<int>(i));
            if (i > damaged) behind.push_back(static_cast<int>(i));
            if (i > 0) text += is_array ? "," : "\n";
            text += event;
        }
        if (is_array) text += "]";
        INFO(text);
        const auto all = decode<point>(text);

        ints found = xs(all);
        const bool is_given_up = !all.faults.empty() && all.faults.back().unread_bytes != 0;
        is_given_up ? ++given_up : ++gone_on;
        REQUIRE(found.size() >= before.size());
        REQUIRE(std::equal(before.begin(), before.end(), found.begin()));
        found.erase(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(before.size()));
        const bool is_one = !is_array || is_one_element(one);
        if (is_one && (is_array || damaged != 0)) REQUIRE_FALSE(is_given_up);
        if (is_one && !is_given_up) REQUIRE(all.order.size() == count);
        if (is_given_up) behind.clear();
        if (found.size() > behind.size()) {
            REQUIRE(found.front() < 1000);  // the damaged one, another perhaps than it was
            found.erase(found.begin());
        }
        REQUIRE(found == behind);
    }
    // Both ways are taken often enough to be tested.
    CHECK(given_up > 1000);
    CHECK(gone_on > 10'000);
}
