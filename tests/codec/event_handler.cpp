#include <millrace/codec/event_handler.hpp>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>

#include "decode.hpp"

namespace {

enum class side { buy, sell };

struct order {
    std::string id;
    side direction = side::buy;
    bool is_live = false;
    std::int8_t small = 0;
    std::uint64_t large = 0;
    double price = 0;
    millrace::timestamp time{};
    std::optional<int> lots;
    std::optional<std::string> note;
    int untouched = 42;
};

struct sixteen {
    int a = 0, b = 0, c = 0, d = 0;
};

}  // namespace

template <>
inline constexpr auto millrace::schema<side> = millrace::enumerators(
    millrace::enumerator{"buy", side::buy}, millrace::enumerator{"sell", side::sell});
template <>
inline constexpr auto millrace::schema<order> = millrace::fields(
    millrace::field{"id", &order::id}, millrace::field{"side", &order::direction},
    millrace::field{"live", &order::is_live}, millrace::field{"small", &order::small},
    millrace::field{"large", &order::large}, millrace::field{"price", &order::price},
    millrace::event_time{"time", &order::time, millrace::time_format::seconds},
    millrace::field{"lots", &order::lots}, millrace::field{"note", &order::note});
template <>
inline constexpr auto millrace::schema<sixteen> = millrace::fields(
    millrace::field{"abcdefghijklmnop", &sixteen::a},
    millrace::field{"abcdefghijklmnopq", &sixteen::b},
    millrace::field{"abcdefghiXklmnopq", &sixteen::c}, millrace::field{"", &sixteen::d});

using namespace millrace;

namespace {

/// An order of which one member is replaced, or left out by an empty text.
std::string with(std::string_view name, std::string_view value) {
    std::string text;
    for (const auto& [each, usual] : {std::pair<std::string_view, std::string_view>{"id", "\"A1\""},
                                      {"side", "\"sell\""},
                                      {"live", "true"},
                                      {"small", "-128"},
                                      {"large", "18446744073709551615"},
                                      {"price", "101.25"},
                                      {"time", "5"},
                                      {"lots", "3"},
                                      {"note", "\"n\""}}) {
        const std::string_view chosen = each == name ? value : usual;
        if (chosen.empty()) continue;
        text += text.empty() ? "{\"" : ",\"";
        text.append(each).append("\":").append(chosen);
    }
    return text + "}";
}

/// The fault that a value gives, with the offset from the value's beginning.
fault fault_with(std::string_view name, std::string_view value) {
    const std::string text = with(name, value);
    fault found = fault_of<order>(text);
    const std::string member = "\"" + std::string{name} + "\":";
    found.offset -= text.find(member) + member.size();
    return found;
}

}  // namespace

TEST_CASE("event_handler fills every kind of field") {
    const order all = event_of<order>(with("", ""));
    CHECK(all.id == "A1");
    CHECK(all.direction == side::sell);
    CHECK(all.is_live);
    CHECK(all.small == -128);
    CHECK(all.large == std::numeric_limits<std::uint64_t>::max());
    CHECK(all.price == 101.25);
    CHECK(all.time == timestamp{std::chrono::seconds{5}});
    CHECK(all.lots == 3);
    CHECK(all.note == "n");
    CHECK(all.untouched == 42);
}

TEST_CASE("event_handler: an optional member may be absent or null, and no other") {
    CHECK(event_of<order>(with("lots", "")).lots == std::nullopt);
    CHECK(event_of<order>(with("lots", "null")).lots == std::nullopt);
    CHECK(event_of<order>(with("note", "")).note == std::nullopt);
    CHECK(event_of<order>(with("note", "\"\"")).note == "");
    CHECK(fault_with("lots", "\"3\"") == fault{0, errc::wrong_type, "lots", 0});
    for (const std::string_view name : {"id", "side", "live", "small", "large", "price", "time"}) {
        CHECK(fault_with(name, "null") == fault{0, errc::wrong_type, std::string{name}, 0});
        const std::string text = "  " + with(name, "");
        CHECK(fault_of<order>(text) == fault{0, errc::missing_field, std::string{name}, 2});
    }
    CHECK(fault_of<order>("{}") == fault{0, errc::missing_field, "id", 0});
}

TEST_CASE("event_handler forgets an optional member of the event before") {
    const auto all =
        decode<order>("[" + with("", "") + "," + with("lots", "") + "," + with("note", "") + "]");
    REQUIRE(all.events.size() == 3);
    CHECK(all.events[1].lots == std::nullopt);
    CHECK(all.events[1].note == "n");
    CHECK(all.events[2].lots == 3);
    CHECK(all.events[2].note == std::nullopt);
}

TEST_CASE("event_handler refuses a value of another type, at the value") {
    const auto refuses = [](std::string_view name, std::initializer_list<std::string_view> values) {
        for (const std::string_view value : values) {
            INFO(name << ": " << value);
            CHECK(fault_with(name, value) == fault{0, errc::wrong_type, std::string{name}, 0});
        }
    };
    refuses("id", {"1", "true", "false", "[]", "{}", "[\"A1\"]", "{\"id\":\"A1\"}"});
    refuses("side", {"1", "true", "[]", "{}"});
    refuses("live", {"1", "0", "\"true\"", "[]", "{}"});
    refuses("small", {"\"1\"", "true", "1.0", "1e1", "1E0", "-0.0", "[]", "{}"});
    refuses("large", {"\"1\"", "false", "1.5", "[1]"});
    refuses("price", {"\"1\"", "true", "[]", "{}"});
    refuses("time", {"true", "false", "[]", "{\"time\":5}"});
    refuses("lots", {"true", "1.0", "[1]"});
}

TEST_CASE("event_handler keeps integers exact, and to their type's range") {
    CHECK(event_of<order>(with("small", "127")).small == 127);
    CHECK(event_of<order>(with("small", "-0")).small == 0);
    CHECK(event_of<order>(with("large", "9007199254740993")).large == 9007199254740993);
    for (const std::string_view value :
         {"128", "-129", "1000000", "18446744073709551616", "99999999999999999999999"}) {
        CHECK(fault_with("small", value) == fault{0, errc::out_of_range, "small", 0});
    }
    for (const std::string_view value : {"-1", "18446744073709551616", "-18446744073709551615"}) {
        CHECK(fault_with("large", value) == fault{0, errc::out_of_range, "large", 0});
    }
    CHECK(event_of<order>(with("large", "-0")).large == 0);
}

TEST_CASE(
    "event_handler takes an integer for a floating-point field, and refuses what is too large") {
    CHECK(event_of<order>(with("price", "101")).price == 101.0);
    CHECK(event_of<order>(with("price", "1e308")).price == 1e308);
    CHECK(event_of<order>(with("price", "1e-400")).price == 0.0);
    CHECK(fault_with("price", "1e400") == fault{0, errc::out_of_range, "price", 0});
    CHECK(fault_with("price", "-1e309") == fault{0, errc::out_of_range, "price", 0});
}

TEST_CASE("event_handler: a number out of every range may stand where nobody asks for it") {
    CHECK(event_of<order>("{\"big\":1e400,\"list\":[-1e999999999999999999999]," +
                          with("", "").substr(1))
              .lots == 3);
}

TEST_CASE("event_handler reads enumerators by name") {
    CHECK(event_of<order>(with("side", "\"buy\"")).direction == side::buy);
    CHECK(event_of<order>(with("side", "\"\\u0062uy\"")).direction == side::buy);
    CHECK(fault_with("side", "\"Buy\"") == fault{0, errc::unknown_enumerator, "side", 0});
    CHECK(fault_with("side", "\"\"") == fault{0, errc::unknown_enumerator, "side", 0});
}

TEST_CASE("event_handler reads a time as text or as an integer in its unit") {
    using namespace std::chrono;
    CHECK(event_of<order>(with("time", "\"1970-01-01T00:00:07.5Z\"")).time ==
          timestamp{milliseconds{7500}});
    CHECK(event_of<order>(with("time", "-7")).time == timestamp{seconds{-7}});
    CHECK(fault_with("time", "\"1970-01-01\"") == fault{0, errc::invalid_timestamp, "time", 0});
    CHECK(fault_with("time", "\"\"") == fault{0, errc::invalid_timestamp, "time", 0});
    CHECK(fault_with("time", "1.5") == fault{0, errc::invalid_timestamp, "time", 0});
    CHECK(fault_with("time", "9223372037") == fault{0, errc::out_of_range, "time", 0});
    CHECK(fault_with("time", "99999999999999999999") == fault{0, errc::out_of_range, "time", 0});
}

TEST_CASE("event_handler refuses a field given twice, at its second name") {
    const std::string text = R"({"id":"a","id":"a"})";
    CHECK(fault_of<order>(text) == fault{0, errc::duplicate_field, "id", 10});
    CHECK(fault_of<order>(R"({"lots":null,"lots":null})") ==
          fault{0, errc::duplicate_field, "lots", 13});
    CHECK(fault_of<order>(R"({"id":"a","\u0069d":"a"})").code == errc::duplicate_field);
    const std::string unknown = R"({"other":1,"other":2,)" + with("", "").substr(1);
    CHECK(event_of<order>(unknown).id == "A1");
}

TEST_CASE("event_handler tells the first of several faults") {
    CHECK(fault_of<order>(R"({"lots":"x","side":1,"side":2})") ==
          fault{0, errc::wrong_type, "lots", 8});
}

TEST_CASE("event_handler skips members that the schema does not name, and names at other depths") {
    const std::string text =
        R"({"a":{"id":[1],"lots":{"lots":[[]]}},"b":[{"id":1},{"id":2}],"lots2":"x","lot":5,"":0,)" +
        with("", "").substr(1);
    CHECK(event_of<order>(text).lots == 3);
}

TEST_CASE("event_handler tells names apart that agree in all but one place") {
    const sixteen all = event_of<sixteen>(
        R"({"abcdefghiXklmnopq":3,"abcdefghijklmnop":1,"abcdefghiYklmnopq":9,"":4,"abcdefghijklmnopq":2})");
    CHECK(all.a == 1);
    CHECK(all.b == 2);
    CHECK(all.c == 3);
    CHECK(all.d == 4);
}

TEST_CASE("event_handler keeps to the limits on strings, names and members, everywhere") {
    const codec_limits limits{.max_members = 10, .max_string_bytes = 4, .max_name_bytes = 5};
    const auto check = [&](const std::string& member, errc code, std::string_view field,
                           std::size_t offset) {
        const std::string text = "[" + with("note", "") + ",{" + member +
                                 with("note", "").substr(1) + "," + with("", "") + "]";
        INFO(text);
        const auto all = decode<order>(text, limits);
        const std::size_t first = with("note", "").size() + 3;
        CHECK(all.events.size() == (code == detail::no_error ? 3 : 2));
        if (code != detail::no_error) {
            CHECK(all.faults == std::vector<fault>{{1, code, std::string{field}, first + offset}});
        }
    };
    check("", detail::no_error, "", 0);
    check(R"("abcde":"abcd",)", detail::no_error, "", 0);
    check(R"("a":"\u0041\u0041\u0041\u0041",)", detail::no_error, "", 0);
    check(R"("abcdef":0,)", errc::string_too_long, "", 0);
    check(R"("a":{"abcdef":0},)", errc::string_too_long, "", 5);
    check(R"("a":"abcde",)", errc::string_too_long, "", 4);
    check(R"("a":["abcde"],)", errc::string_too_long, "", 5);
    check(R"("note":"abcde",)", errc::string_too_long, "note", 7);
    check(R"("a":0,"b":0,)", detail::no_error, "", 0);
    check(R"("a":0,"b":0,"c":0,)", errc::too_many_members, "", with("note", "").size() + 16);
    check(R"("a":{"1":0,"2":0,"3":0,"4":0,"5":0,"6":0,"7":0,"8":0,"9":0,"10":0},)",
          detail::no_error, "", 0);
    check(R"("a":{"1":0,"2":0,"3":0,"4":0,"5":0,"6":0,"7":0,"8":0,"9":0,"10":0,"11":0},)",
          errc::too_many_members, "", 72);
}

TEST_CASE("event_handler has the documented default limits") {
    const std::string rest = "," + with("", "").substr(1);
    const auto named = [&](std::size_t size) {
        return "{\"" + std::string(size, 'k') + "\":1" + rest;
    };
    CHECK(event_of<order>(named(256)).lots == 3);
    CHECK(fault_of<order>(named(257)).code == errc::string_too_long);
    const auto text = [](std::size_t size) {
        return with("id", "\"" + std::string(size, 'x') + "\"");
    };
    CHECK(event_of<order>(text(65'536)).id.size() == 65'536);
    CHECK(fault_of<order>(text(65'537)) == fault{0, errc::string_too_long, "id", 6});
    const auto members = [&](int count) {
        std::string all = "{";
        for (int i = 9; i < count; ++i) all += "\"m\":1,";
        return all + rest.substr(1);
    };
    CHECK(event_of<order>(members(1024)).lots == 3);
    CHECK(fault_of<order>(members(1025)).code == errc::too_many_members);
}

TEST_CASE("event_handler refuses half of a surrogate pair") {
    CHECK(event_of<order>(with("id", R"("\ud83d\ude00")")).id == "\U0001F600");
    for (const std::string_view value :
         {R"("\ud83d")", R"("\ude00")", R"("\ud83d\ud83d")", R"("\ud83dx")", R"("\ude00\ud83d")"}) {
        CHECK(fault_of<order>(with("id", value)).code == errc::malformed_json);
        CHECK(fault_of<order>(with("note", value)).code == errc::malformed_json);
    }
    CHECK(fault_of<order>(R"({"\ude00":1})") == fault{0, errc::malformed_json, "", 1});
}
