#include <millrace/endpoint/access_format.hpp>

#include <algorithm>
#include <chrono>
#include <string>

#include "catch.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

const access_entry example{
    .what = access_entry::kind::request,
    .time = timestamp{std::chrono::sys_days{std::chrono::January / 5 / 2026} + 9h + 30min},
    .connection = 7,
    .address = "192.0.2.1",
    .principal = "nurse",
    .method = "GET",
    .target = "/api/topics/bars?key=ACME",
    .version = "HTTP/1.1",
    .user_agent = "curl/8",
    .status = 200,
    .bytes_out = 1'234,
    .took = 1'500us,
};

std::string line(const access_entry& entry, access_format format) {
    std::string out;
    append_access_line(out, entry, format);
    return out;
}

}  // namespace

TEST_CASE("the Common Log Format, with and without the user agent") {
    const std::string common =
        "192.0.2.1 - nurse [05/Jan/2026:09:30:00 +0000] "
        "\"GET /api/topics/bars?key=ACME HTTP/1.1\" 200 1234";
    REQUIRE(line(example, access_format::common) == common + "\n");
    REQUIRE(line(example, access_format::combined) == common + " \"-\" \"curl/8\"\n");

    auto end = example;
    end.what = access_entry::kind::closed;
    end.target = "/bars";
    end.status = 1006;
    end.principal = {};
    REQUIRE(line(end, access_format::common) ==
            "192.0.2.1 - - [05/Jan/2026:09:30:00 +0000] \"CLOSE /bars HTTP/1.1\" 1006 1234\n");
}

TEST_CASE("a line says the request's version, and \"-\" for what was no request") {
    auto old = example;
    old.version = "HTTP/1.0";
    REQUIRE(line(old, access_format::common).find("ACME HTTP/1.0\" 200") != std::string::npos);
    REQUIRE(line(old, access_format::json).find(R"("version":"HTTP/1.0")") != std::string::npos);
    auto none = example;
    none.principal = none.method = none.target = none.version = none.user_agent = {};
    none.status = 400;
    const std::string common = "192.0.2.1 - - [05/Jan/2026:09:30:00 +0000] \"-\" 400 1234";
    REQUIRE(line(none, access_format::common) == common + "\n");
    REQUIRE(line(none, access_format::combined) == common + " \"-\" \"-\"\n");
}

TEST_CASE("lines of JSON say all that is known") {
    REQUIRE(
        line(example, access_format::json) ==
        R"({"time":"2026-01-05T09:30:00Z","what":"request","connection":7,)"
        R"("address":"192.0.2.1","principal":"nurse","method":"GET",)"
        R"("target":"/api/topics/bars?key=ACME","version":"HTTP/1.1","status":200,"bytes_in":0,"bytes_out":1234,)"
        R"("seconds":0.001500,"user_agent":"curl/8"})"
        "\n");
    auto end = example;
    end.what = access_entry::kind::closed;
    end.status = 1001;
    REQUIRE(line(end, access_format::json).find(R"("what":"closed")") != std::string::npos);
    REQUIRE(line(end, access_format::json).find(R"("code":1001)") != std::string::npos);
}

TEST_CASE("no client can end a line or a quoted part of it") {
    auto hostile = example;
    hostile.principal = "a b] \"x\"\n";
    hostile.target = "/\" 200 1\n127.0.0.1 - - [";
    hostile.user_agent = "\"\\\r\n\xff\x1b[31m";
    for (const auto format : {access_format::common, access_format::combined}) {
        const auto text = line(hostile, format);
        REQUIRE(text.find('\n') == text.size() - 1);
        REQUIRE(text.find('\x1b') == std::string::npos);
        const auto quotes = std::count(text.begin(), text.end(), '"');
        REQUIRE(quotes == (format == access_format::common ? 2 : 6));
        REQUIRE(text.starts_with("192.0.2.1 - a_b__\\x22x\\x22\\x0a ["));
    }
    const auto text = line(hostile, access_format::json);
    REQUIRE(text.find('\n') == text.size() - 1);
}
