#include <millrace/codec/direct_reader.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"
#include "json_readers.hpp"

using namespace millrace;
using namespace millrace::testing_json;
using namespace std::literals;

namespace {

/// A member for each field that is required.
constexpr std::string_view usual =
    R"("s":"ABC","note":"n","price":31.4,"":0.5,"S":-7,"order_id":18446744073709551615,)"
    R"("venue_of_execution":12,"is_live_now_and_then":true,"side":"sell","T":1790000000123)";

std::string object_with(std::string_view more) {
    return "{" + std::string{usual} + "," + std::string{more} + "}";
}

/// Messages that are mostly right, from which damaged ones are made.
std::vector<std::string> messages() {
    const std::string one = "{" + std::string{usual} + "}";
    std::vector<std::string> all{
        one,
        " \n" + one + "\r\n ",
        "[" + one + ", " + object_with(R"("prices":1.25e2)") + " ,{}," + one + "]",
        one + "\n" + object_with(R"("t":"2026-01-05T09:30:00.123456789+02:00")") + "\r\n\n" + one,
        object_with(R"("prices":null,"the_name_of_its_owner_at_the_time":"X","grüß":false)"),
        object_with("\"the_name_of_its_owner_at_the_time\":\"Zürich, 東京, 😀 and so on\""),
        object_with(R"("unknown":{"a":[1,-2.5e3,[],{}],"b":{"c":[{"d":null}],"e":"f"}},"x":[[]])"),
        object_with(
            R"("x":{"a":0,"b":1,"c":2,"d":3,"e":4,"f":5,"g":6,"h":7,"i":8,"j":9,"k":0,"l":1,"m":2})"),
        object_with(R"("x":1e400,"y":[true,false,null,"text of more than sixteen bytes"],"z":"")"),
        object_with(R"("escaped":"a\u00e9\n\"","grüß":true)"),
        object_with(R"("prices":128.57999999999998,"x":0.1e-7,"y":-0,"z":12345678901234567890123)"),
        R"({ "S" : 1, "T" : "2026-01-05T09:30:00Z" , "s" : "" , "note" : "long text, with commas",)"
        R"( "price" : 6402500, "" : 1E+2, "order_id" : 0, "side" : "buy",)"
        "\n"
        R"( "venue_of_execution" : -128 , "is_live_now_and_then" : false })",
        R"({"T":1,"side":"buy","is_live_now_and_then":true,"venue_of_execution":13,"order_id":1,)"
        R"("S":9223372036854775807,"":-3.4e38,"price":1.7976931348623157e308,"note":"","s":"q"})",
        R"([{"s":1},[{"S":2}],"text",null,-1.5,{"price":"x"},)" + one + "]",
    };
    for (const auto& file : std::filesystem::directory_iterator{"tests/fuzz/corpus/json_decode"}) {
        std::ifstream in{file.path(), std::ios::binary};
        all.emplace_back(std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{});
    }
    return all;
}

constexpr codec_limits small_limits{.max_depth = 3,
                                    .max_members = 12,
                                    .max_string_bytes = 24,
                                    .max_name_bytes = 20,
                                    .max_events = 3};

/// Decoders of the same messages, each with what it learned from those before.
struct both_readers {
    explicit both_readers(const codec_limits& limits) : direct{limits}, other{limits} {}

    void check(std::string_view message) {
        const std::string expected = told_by(other, message);
        if (told_by(direct, message) == expected) return;
        INFO(message);
        REQUIRE(told_by(direct, message) == expected);
        FAIL("differs by what was read before");
    }

    json_decoder<order, counting_reader> direct;
    json_decoder<order, no_reader> other;
};

class damager {
public:
    explicit damager(unsigned seed) : random_{seed} {}

    std::size_t below(std::size_t limit) { return random_() % limit; }

    void damage(std::string& text) {
        static constexpr std::string_view pieces[] = {
            "{",    "}",    "[",        "]",      ",",        ":",
            "\"",   "\\",   "\\u00e9",  "0",      "1e",       "-",
            ".",    "e400", "true",     "null",   "\n",       "\n{",
            "\r",   " ",    "\t",       "\x80",   "\xC3\xA9", "\xED\xA0\x80",
            "\x1F", "\0"sv, "12345678", "\"s\":", ",\"x\":1", "{}",
            "[]",   "\"\"", "00",       "E-30",   "9",        "\"S\":1,"};
        const std::size_t at = below(text.size() + 1);
        switch (below(7)) {
            case 0: text.resize(at); break;
            case 1: text.erase(at, 1 + below(8)); break;
            case 2:
                if (at < text.size()) text[at] = static_cast<char>(random_());
                break;
            case 3: text.insert(at, text.substr(below(text.size() + 1), below(40))); break;
            case 4:
                if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << below(8)));
                break;
            default: text.insert(at, pieces[below(std::size(pieces))]);
        }
    }

private:
    std::mt19937 random_;
};

void check_damaged(int rounds) {
    const unsigned seed = test_seed() == 0 ? 20'261'128 : test_seed();
    CAPTURE(seed);
    damager random{seed};
    const auto all = messages();
    both_readers usual_limits{codec_limits{}}, narrow_limits{small_limits};
    for (int round = 0; round < rounds; ++round) {
        std::string text = all[random.below(all.size())];
        for (std::size_t damage = random.below(4); damage > 0; --damage) random.damage(text);
        (random.below(4) == 0 ? narrow_limits : usual_limits).check(text);
    }
}

/// Whether the object is read directly, from a block of its own, which must stay as it was.
bool is_read(std::string_view object, const codec_limits& limits = {}, std::size_t depth = 0) {
    const auto block = std::make_unique<char[]>(object.size() + 1);
    std::copy(object.begin(), object.end(), block.get());
    block[object.size()] = '\0';
    const char* const end = block.get() + object.size();
    detail::member_order order_of_members;
    order event;
    const detail::direct_reader<order> reader{{block.get(), end}, limits, depth, order_of_members};
    const bool is_read = reader.read(block.get(), event) == end;
    const bool is_read_again = reader.read(block.get(), event) == end;
    REQUIRE(is_read == is_read_again);
    REQUIRE(object == std::string_view{block.get(), object.size()});
    REQUIRE(*end == '\0');
    return is_read;
}

}  // namespace

TEST_CASE("direct_reader reads what nearly every message is") {
    CHECK(is_read("{" + std::string{usual} + "}"));
    CHECK(is_read(object_with(R"("prices":null,"grüß":true,"t":"2026-01-05T09:30:00Z")")));
    CHECK(is_read(object_with("\"note2\":\"Zürich, 東京 and 😀\",\"東京\":1")));
    CHECK(is_read(object_with(R"("x" : { "a" : [ 1 , [ ] , { } ] , "b" : { "c" : -1e400 } })")));
    CHECK(is_read(object_with(R"("prices":128.57999999999998)") + " \n\r\t"));
}

TEST_CASE("direct_reader leaves all that is wrong to the other reader") {
    for (const std::string_view member : {R"("x":"\n")",
                                          R"("\u0041":1)",
                                          R"("x":01)",
                                          R"("x":1.)",
                                          R"("x":-)",
                                          R"("x":tru)",
                                          R"("x":[1,])",
                                          R"("x":{"a":1,})",
                                          R"("x":[1}))",
                                          R"("x":{"a" 1})",
                                          R"("x":{1:2})",
                                          R"("x":[)",
                                          R"("x":"abc)",
                                          R"("x")",
                                          R"("x":)",
                                          R"(x:1)",
                                          R"("x":1,)",
                                          R"("x":1;"y":2)",
                                          "\"x\":\"\x80\"",
                                          "\"\xFF\":1",
                                          "\"x\":\"\t\"",
                                          R"("S":1)",
                                          R"("prices":"1")",
                                          R"("prices":1e400)",
                                          R"("grüß":null1)",
                                          R"("grüß":0)",
                                          R"("t":1.5)",
                                          R"("t":"now")",
                                          R"("the_name_of_its_owner_at_the_time":1)",
                                          R"("prices":{})",
                                          R"("prices":[1])"}) {
        INFO(member);
        CHECK_FALSE(is_read(object_with(member)));
    }
    CHECK_FALSE(is_read("{}"));
    CHECK_FALSE(is_read("[]"));
    CHECK_FALSE(is_read(""));
    CHECK_FALSE(is_read("{" + std::string{usual}));
    CHECK_FALSE(is_read("{" + std::string{usual} + "}x"));
}

TEST_CASE("direct_reader keeps the limits") {
    const std::string one = object_with(R"("x":[[{"y":1}]],"z":"0123456789")");
    CHECK(is_read(one, {.max_depth = 4}));
    CHECK_FALSE(is_read(one, {.max_depth = 3}));
    CHECK_FALSE(is_read(one, {.max_depth = 4}, 1));
    CHECK(is_read(one, {.max_depth = 5}, 1));
    CHECK_FALSE(is_read("{" + std::string{usual} + "}", {.max_depth = 0}));
    CHECK_FALSE(is_read("{" + std::string{usual} + "}", {.max_depth = 1}, 1));
    CHECK(is_read(one, {.max_members = 12}));
    CHECK_FALSE(is_read(one, {.max_members = 11}));
    CHECK(is_read(one, {.max_string_bytes = 10}));
    CHECK_FALSE(is_read(one, {.max_string_bytes = 9}));
    CHECK(is_read(one, {.max_name_bytes = 20}));
    CHECK_FALSE(is_read(one, {.max_name_bytes = 19}));
    CHECK(is_read(object_with("\"x\":" + std::string(63, '[') + std::string(63, ']'))));
    CHECK_FALSE(is_read(object_with("\"x\":" + std::string(64, '[') + std::string(64, ']'))));
}

TEST_CASE("direct_reader and RapidJSON's reader agree on every beginning") {
    for (const codec_limits& limits : {codec_limits{}, small_limits}) {
        both_readers both{limits};
        for (const std::string& whole : messages()) {
            for (std::size_t size = 0; size <= whole.size(); ++size)
                both.check(whole.substr(0, size));
        }
    }
}

TEST_CASE("direct_reader and RapidJSON's reader agree on every changed byte") {
    both_readers both{codec_limits{}};
    for (const std::string& whole : messages()) {
        for (std::size_t at = 0; at < whole.size(); ++at) {
            for (const char byte : "\"\\}],:.e0 \n\x1F\x80\xC3"s + '\0') {
                std::string changed = whole;
                changed[at] = byte;
                both.check(changed);
            }
        }
    }
}

TEST_CASE("direct_reader and RapidJSON's reader agree on damaged messages") {
    counting_reader::read_objects = 0;
    constexpr int rounds = 30'000;
    check_damaged(rounds);
    CHECK(counting_reader::read_objects > rounds / 4);
}

TEST_CASE("direct_reader and RapidJSON's reader agree on ten million damaged messages", "[.long]") {
    check_damaged(10'000'000);
}

TEST_CASE("direct_reader and RapidJSON's reader agree on strings of every length") {
    both_readers both{codec_limits{}};
    for (std::size_t size = 0; size < 70; ++size) {
        const std::string text(size, 'x');
        for (std::size_t at = 0; at < size; ++at) {
            for (const std::string_view other :
                 {"\\n", "\x1F", "\x7F", "\x80", "ü", "東", "😀", "\xC3"}) {
                std::string changed = text;
                changed.replace(at, 1, other);
                both.check(object_with("\"" + changed + "\":\"" + changed + "\""));
            }
        }
        both.check("{\"x\":\"" + text + "\"," + std::string{usual} + "}");
        both.check("{\"" + text + "\":1," + std::string{usual} + "}");
    }
}

TEST_CASE("direct_reader reads members in any order") {
    std::vector<std::string> members;
    for (std::size_t at = 0; at < usual.size();) {
        const std::size_t end = std::min(usual.find(",\"", at), usual.size());
        members.emplace_back(usual.substr(at, end - at));
        at = end + 1;
    }
    REQUIRE(members.size() == 10);
    std::mt19937 random{5};
    both_readers both{codec_limits{}};
    counting_reader::read_objects = 0;
    for (int round = 0; round < 500; ++round) {
        std::shuffle(members.begin(), members.end(), random);
        std::string text = "{";
        for (const std::string& each : members) text += (text.size() > 1 ? "," : "") + each;
        both.check(text + "}");
    }
    CHECK(counting_reader::read_objects == 500);
}
