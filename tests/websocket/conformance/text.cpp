// RFC 6455, section 8.1: text is UTF-8, and is refused at the first byte that cannot be. The public
// suites' cases 6.

#include <millrace/websocket/protocol.hpp>

#include <string>
#include <vector>

#include "../every_split.hpp"

using namespace millrace;
using namespace millrace::websocket;
using namespace millrace::websocket::tests;

namespace {

constexpr std::size_t short_header = 6;

const std::string greek = "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5";  // kosme
const std::string too_high = "\xf4\x90\x80\x80";
const std::string surrogate = "\xed\xa0\x80";

/// A text and where its first bad byte is.
struct bad_text {
    std::string text;
    std::size_t first_bad;
};

const std::vector<bad_text> bad_texts{
    {"\x80", 0},
    {"\xbf", 0},
    {"\xff", 0},
    {"\xfe", 0},
    {"\xc0\x80", 0},
    {"\xc1\xbf", 0},
    {"\xf5\x80\x80\x80", 0},
    {"\xf8\x88\x80\x80\x80", 0},
    {"\xfc\x84\x80\x80\x80\x80", 0},
    {"\xe0\x80\x80", 1},
    {"\xe0\x9f\xbf", 1},
    {"\xf0\x80\x80\x80", 1},
    {"\xf0\x8f\xbf\xbf", 1},
    {surrogate, 1},
    {"\xed\xbf\xbf", 1},
    {too_high, 1},
    {"\xc3(", 1},
    {"\xe2(\xa1", 1},
    {"\xe2\x82(", 2},
    {"\xf0\x90\x80 ", 3},
    {"\xce\xce\xba", 1},
    {greek + surrogate + "edited", greek.size() + 1},
    {greek + too_high + "edited", greek.size() + 1},
    {"0123456789abcdef\xf0\x9f\x98\x80\x80", 20},
};

}  // namespace

TEST_CASE("6: valid text comes through, in one frame and cut between any two bytes") {
    std::vector<std::string> texts{"", "Hello", greek, "\xc2\x80", "\xdf\xbf"};
    for (const std::uint32_t code : {0x7fu, 0x800u, 0xd7ffu, 0xe000u, 0xfffdu, 0xfffeu, 0xffffu,
                                     0x10000u, 0x1fffeu, 0x1ffffu, 0xffffeu, 0x10fffeu, 0x10ffffu})
        texts.push_back(encode_utf8(code));
    texts.push_back(greek + encode_utf8(0x1f600) + "0123456789abcdef" + greek);
    for (const auto& valid : texts) {
        expect(raw_frame(fin | text, valid), {"text:" + valid});
        for (std::size_t cut = 0; cut <= valid.size(); ++cut)
            expect(raw_frame(text, valid.substr(0, cut)) + raw_frame(fin | ping, "") +
                       raw_frame(fin, valid.substr(cut)),
                   {"ping:", "text:" + valid});
        std::string letters;
        for (const char c : valid) letters += raw_frame(letters.empty() ? text : 0, {&c, 1});
        if (!valid.empty()) expect(letters + raw_frame(fin, ""), {"text:" + valid});
    }
}

TEST_CASE("6: bad text fails at its first bad byte, in one frame") {
    for (const auto& [bad, at] : bad_texts) {
        CAPTURE(bad);
        expect_failure_at(short_header + at, raw_frame(fin | text, bad + "and more"),
                          {utf8_failure});
    }
}

TEST_CASE("6: bad text fails at its first bad byte, in any fragment") {
    for (const auto& [bad, at] : bad_texts)
        for (std::size_t cut = 0; cut <= at; ++cut) {
            CAPTURE(bad, cut);
            const auto first = raw_frame(text, bad.substr(0, cut));
            expect_failure_at(first.size() + short_header + at - cut,
                              first + raw_frame(0, bad.substr(cut) + "and more"), {utf8_failure});
        }
}

TEST_CASE("6: bad text fails before the frame's length has come") {
    std::string frame = raw_frame(text, std::string(100, 'x') + too_high + std::string(100, 'x'));
    const std::size_t first_bad = 8 + 101;
    frame.resize(first_bad + 1);
    expect_failure_at(first_bad, frame, {utf8_failure});
}

TEST_CASE("6: text may not end within a character") {
    for (const std::string cut : {"\xce", "\xe2\x82", "\xf0\x9f\x98", "abcdefghijklmnop\xe2"}) {
        const auto whole = raw_frame(fin | text, cut);
        expect_failure_at(whole.size() - 1, whole, {utf8_failure});
        expect(raw_frame(text, cut) + raw_frame(fin, ""), {utf8_failure});
        expect(raw_frame(text, "a") + raw_frame(fin, cut), {utf8_failure});
    }
}

TEST_CASE("6: binary messages may hold anything") {
    for (const auto& [bad, at] : bad_texts)
        expect(raw_frame(fin | binary, bad) + raw_frame(binary, bad) + raw_frame(fin, "\xe2"),
               {"binary:" + bad, "binary:" + bad + "\xe2"});
}
