// RFC 6455, sections 5.5.1 and 7: close frames. The public suites' cases 7.

#include <millrace/websocket/protocol.hpp>

#include <string>

#include "../every_split.hpp"

using namespace millrace;
using namespace millrace::websocket;
using namespace millrace::websocket::tests;

namespace {

const std::string hello = raw_frame(fin | text, "Hello");

}  // namespace

TEST_CASE("7: a close frame ends the stream, whatever follows") {
    expect(hello + close_frame(1000, "bye") + hello + raw_frame(0x7f, "junk", false),
           {"text:Hello", "close 1000:bye"});
    expect(close_frame(1000) + raw_frame(fin | ping, "") + close_frame(1000), {"close 1000:"});
    expect(raw_frame(text, "a") + close_frame(1000) + raw_frame(fin, "b"), {"close 1000:"});
}

TEST_CASE("7: a close frame has no payload, or a code and a reason") {
    const std::string longest(123, '*'), euro = "\xe2\x82\xac";
    expect(raw_frame(fin | close_op, "") + hello, {"close 1005:"});
    expect(close_frame(1000), {"close 1000:"});
    expect(close_frame(1000, "Hello"), {"close 1000:Hello"});
    expect(close_frame(1000, euro), {"close 1000:" + euro});
    expect(close_frame(1000, longest), {"close 1000:" + longest});
    expect(close_frame(1000, longest + "*"), {protocol_failure});
    expect(raw_frame(fin | close_op, "x"), {protocol_failure});
    expect(close_frame(1000, "\xff"), {utf8_failure});
    expect(close_frame(1000, "\xe2\x82"), {utf8_failure});
    expect(close_frame(1000, "\xce\xba\xed\xa0\x80"), {utf8_failure});
}

TEST_CASE("7: only codes that may be sent are taken") {
    for (const unsigned code : {1000u, 1001u, 1002u, 1003u, 1007u, 1008u, 1009u, 1010u, 1011u,
                                1012u, 1013u, 1014u, 3000u, 3999u, 4000u, 4999u})
        expect(close_frame(code, "r"), {"close " + std::to_string(code) + ":r"});
    for (const unsigned code :
         {0u, 999u, 1004u, 1005u, 1006u, 1015u, 1016u, 1100u, 2000u, 2999u, 5000u, 65535u}) {
        expect(close_frame(code), {protocol_failure});
        expect(close_frame(code, "reason"), {protocol_failure});
    }
}
