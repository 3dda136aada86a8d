// Limits of messages, and messages at them: the public suites' cases 9.

#include <millrace/websocket/protocol.hpp>

#include <algorithm>
#include <random>
#include <string>

#include "../allocations.hpp"
#include "../every_split.hpp"

using namespace millrace;
using namespace millrace::websocket;
using namespace millrace::websocket::tests;

namespace {

constexpr std::size_t megabyte = 1024 * 1024;

/// Compares without printing megabytes.
void expect_large(const std::string& stream, const std::string& message, std::size_t chunk) {
    CAPTURE(message.size(), chunk);
    reader<role::server> r{{.max_message_bytes = 16 * megabyte}};
    bool goes_on = true;
    for (std::size_t at = 0; at < stream.size() && goes_on; at += chunk)
        goes_on = r.read(std::string_view{stream}.substr(at, chunk));
    REQUIRE(r.handler.events.size() == 1);
    CHECK((r.handler.events[0] == message));
}

std::string fragmented(unsigned op, std::string_view payload, std::size_t fragment) {
    std::string stream;
    for (std::size_t at = 0; at < payload.size(); at += fragment) {
        const bool is_last = at + fragment >= payload.size();
        stream += raw_frame((at == 0 ? op : 0) | (is_last ? fin : 0), payload.substr(at, fragment));
    }
    return stream;
}

}  // namespace

TEST_CASE("9: large messages come through, whole, in fragments and in 64-byte chops") {
    for (const std::size_t size : {megabyte, 16 * megabyte}) {
        std::string letters(size, '*');
        for (std::size_t at = 5; at + 4 < size; at += 1021) letters.replace(at, 3, "\xe2\x82\xac");
        expect_large(raw_frame(fin | text, letters), "text:" + letters, 64);
        expect_large(raw_frame(fin | text, letters), "text:" + letters, 64 * 1024 + 1);
    }
    const std::string bytes(megabyte, '\xfe');
    expect_large(raw_frame(fin | binary, bytes), "binary:" + bytes, 64);
    const std::string message(4 * megabyte, '*');
    for (const std::size_t fragment : {std::size_t{64}, std::size_t{4096}, megabyte})
        expect_large(fragmented(text, message, fragment), "text:" + message, 8192);
}

TEST_CASE("9: messages beyond the limit are refused, in one frame or as a sum") {
    const protocol_options ten{.max_message_bytes = 10};
    expect(raw_frame(fin | text, "0123456789") + raw_frame(fin | text, "0123456789a"),
           {"text:0123456789", size_failure}, ten);
    expect(raw_frame(text, "01234") + raw_frame(fin, "56789") + raw_frame(text, "01234") +
               raw_frame(0, "56789") + raw_frame(fin, "a"),
           {"text:0123456789", size_failure}, ten);
    const std::string longest(125, 'p');
    expect(raw_frame(text, "01234") + raw_frame(fin | ping, longest) + raw_frame(fin, "56789"),
           {"ping:" + longest, "text:0123456789"}, ten);
}

TEST_CASE("9: a huge declared size is refused by its header, and costs nothing") {
    constexpr std::uint64_t gigabyte = 1024 * megabyte;
    for (const std::uint64_t size :
         {gigabyte, std::uint64_t{1} << 62, (std::uint64_t{1} << 63) - 1}) {
        expect(huge_header(fin | text, size), {size_failure});
        expect(raw_frame(text, "a") + huge_header(fin, size), {size_failure});
    }
    const std::string header = huge_header(fin | binary, gigabyte);
    const auto before = allocations_so_far().bytes;
    const auto events = read_chunks(header, {});
    CHECK(allocations_so_far().bytes - before < 4096);
    CHECK(events == transcript{size_failure});
}

TEST_CASE("9: a message may have as many fragments as it has bytes, and an empty one behind them") {
    const std::string message(4 * megabyte, '*');
    std::string stream = fragmented(text, message, 64);
    stream[stream.size() - 70] = 0;  // the last but one is the last that has a byte
    REQUIRE(stream.size() == 65536 * 70);
    expect_large(stream + raw_frame(fin, ""), "text:" + message, 8192);
    const std::string bytes(100'000, '*');
    expect_large(fragmented(text, bytes, 1), "text:" + bytes, 8192);
}

TEST_CASE("9: empty fragments without end are refused") {
    const std::string none = raw_frame(0, "");
    const std::string whole = raw_frame(text, "") + none + none + none + raw_frame(0, "a") + none +
                              none + none + none + raw_frame(fin, "b");
    const std::string endless = raw_frame(text, "a") + none + none + none + none;
    const protocol_options four{.max_empty_fragments = 4};
    expect(whole + whole + endless + none, {"text:ab", "text:ab", size_failure}, four);
    expect(endless + raw_frame(fin, ""), {size_failure}, four);
    expect(endless + raw_frame(fin, "b"), {"text:ab"}, four);
}
