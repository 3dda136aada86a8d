#include <millrace/codec/json_stream.hpp>

#include <string>

#include "catch.hpp"

using namespace millrace::detail;

namespace {

/// Writes down what the reader says, in JSON of its own.
struct recorder {
    explicit recorder(json_text& source) : text{source} {}

    bool Null() { return add("null"); }
    bool Bool(bool value) { return add(value ? "true" : "false"); }
    bool Int(int) { return false; }
    bool Uint(unsigned) { return false; }
    bool Int64(std::int64_t) { return false; }
    bool Uint64(std::uint64_t) { return false; }
    bool Double(double) { return false; }
    bool RawNumber(const char*, rapidjson::SizeType size, bool) {
        if (!text.is_number || size != 1) return false;
        text.restore_number();
        return add("#" + std::string{text.number.begin, text.number.end});
    }
    bool String(const char* from, rapidjson::SizeType size, bool) {
        return add("'" + std::string{from, size} + "'");
    }
    bool Key(const char* from, rapidjson::SizeType size, bool) {
        return add("'" + std::string{from, size} + "':");
    }
    bool StartObject() { return add("{"); }
    bool EndObject(rapidjson::SizeType) { return add("}"); }
    bool StartArray() { return add("["); }
    bool EndArray(rapidjson::SizeType) { return add("]"); }

    bool add(const std::string& what) {
        said += what + " ";
        return true;
    }

    json_text& text;
    std::string said;
};

std::string read(std::string buffer) {
    json_text text{buffer.data(), buffer.data() + buffer.size()};
    json_stream in{text, buffer.data()};
    recorder handler{text};
    json_reader reader;
    if (reader.Parse<json_flags>(in, handler).IsError()) {
        return "error at " + std::to_string(reader.GetErrorOffset());
    }
    return handler.said + "end " + std::to_string(in.Tell());
}

}  // namespace

TEST_CASE("json_stream lets the reader see every token, and each number whole") {
    CHECK(read(R"( {"a" : 12, "b":[ -1.5e3 ,0], "c":"x"} )") ==
          "{ 'a': #12 'b': [ #-1.5e3 #0 ] 'c': 'x' } end 38");
    CHECK(read("1e400,") == "#1e400 end 5");
    CHECK(read("[12345678901234567890123,true,false,null]") ==
          "[ #12345678901234567890123 true false null ] end 41");
}

TEST_CASE("json_stream keeps the reader's grammar for what is not quite a number") {
    CHECK(read("[1 2]") == "error at 3");
    CHECK(read("[01]") == "error at 1");
    CHECK(read("[1.]") == "error at 3");
    CHECK(read("[1e5.5]") == "error at 1");
    CHECK(read("[1e400.5]") == "error at 1");
    CHECK(read("[-]") == "error at 2");
    CHECK(read("{1:2}") == "error at 1");
    CHECK(read("{\"a\" 1}") == "error at 5");
    CHECK(read("{\"a\":1 1}") == "error at 7");
}

TEST_CASE("json_stream unescapes in place, across the steps of the scan") {
    for (std::size_t before = 0; before < 40; ++before) {
        for (std::size_t behind = 0; behind < 40; behind += 3) {
            const std::string left(before, 'l'), right(behind, 'r');
            CHECK(read("\"" + left + "\\u00e9\xC3\xA9" + right + "\\n\"") ==
                  "'" + left + "\u00e9\u00e9" + right + "\n' end " +
                      std::to_string(before + behind + 12));
        }
    }
}

TEST_CASE("json_stream refuses what is not UTF-8, without a step behind the text") {
    for (const char* bad : {"\xFF", "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\x80", "\xF0",
                            "\xF0\x9F", "\xF0\x9F\x98", "\xE2\x82", "\xC3"}) {
        CHECK(read("\"abc" + std::string{bad} + "\"") == "error at 4");
        CHECK(read("\"abc" + std::string{bad}) == "error at 4");
    }
}
