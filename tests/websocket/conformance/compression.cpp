// RFC 7692 on the wire: where RSV1 may stand, and compressed messages of all sizes with all
// parameters, in fragments and however cut. The public suites' cases 12 and 13.

#include <millrace/websocket/protocol.hpp>

#include <cstddef>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>

#include <millrace/websocket/permessage_deflate.hpp>

#include "../every_split.hpp"

using namespace millrace;
using namespace millrace::websocket;
using namespace millrace::websocket::tests;

namespace {

const permessage_deflate defaults{{.min_message_bytes = 0}};

std::unique_ptr<compressor> agreed(const permessage_deflate& with = defaults,
                                   std::string_view offer = "permessage-deflate") {
    return with.accept(offer).connection;
}

std::string packed(std::string_view message) {
    std::string out;
    auto by = permessage_deflate{{.server_no_context_takeover = false, .min_message_bytes = 0}}
                  .accept("permessage-deflate")
                  .connection;
    REQUIRE(by->compress(message, out));
    return out;
}

transcript read_compressed(std::string_view stream, std::size_t chunk,
                           protocol_options options = {}) {
    reader<role::server> r{options};
    r.of().use(agreed());
    for (std::size_t at = 0; at < stream.size(); at += chunk)
        if (!r.read(stream.substr(at, chunk))) break;
    return r.handler.events;
}

void expect_compressed(std::string_view stream, const transcript& expected,
                       protocol_options options = {}) {
    for (std::size_t chunk = 1; chunk <= stream.size(); ++chunk)
        if (read_compressed(stream, chunk, options) != expected) {
            CHECK(read_compressed(stream, chunk, options) == expected);
            FAIL("in chunks of " << chunk);
        }
}

const std::string hello_bytes = bytes_of({0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00});
const std::string hello = raw_frame(fin | rsv1 | text, hello_bytes);

}  // namespace

TEST_CASE("the frames of RFC 7692, section 7.2.3") {
    expect_compressed(hello + hello, {"text:Hello", "text:Hello"});
    expect_compressed(
        raw_frame(rsv1 | text, hello_bytes.substr(0, 3)) + raw_frame(fin, hello_bytes.substr(3)),
        {"text:Hello"});
    reader<role::client> client;
    client.of().use(agreed());
    CHECK(client.read(bytes_of({0xc1, 0x07}) + hello_bytes));
    CHECK(client.handler.events == transcript{"text:Hello"});
}

TEST_CASE("RSV1 marks a message by its first frame alone (section 6)") {
    expect_compressed(raw_frame(fin | text, "plain") + hello + raw_frame(fin | binary, "\xff"),
                      {"text:plain", "text:Hello", "binary:\xff"});
    expect_compressed(raw_frame(fin | rsv1 | binary, hello_bytes), {"binary:Hello"});
    expect_compressed(raw_frame(rsv1 | text, hello_bytes) + raw_frame(fin | ping, "p") +
                          raw_frame(0, "") + raw_frame(fin, ""),
                      {"ping:p", "text:Hello"});
    expect_compressed(raw_frame(rsv1 | text, hello_bytes) + raw_frame(fin | rsv1, ""),
                      {protocol_failure});
    expect_compressed(raw_frame(text, "a") + raw_frame(fin | rsv1, hello_bytes),
                      {protocol_failure});
    for (const unsigned op : {close_op, ping, pong})
        expect_compressed(hello + raw_frame(fin | rsv1 | op, ""), {"text:Hello", protocol_failure});
    for (const unsigned bits : {rsv2, rsv3, rsv1 | rsv2, rsv1 | rsv3})
        expect_compressed(raw_frame(fin | bits | text, hello_bytes), {protocol_failure});
    expect(hello, {protocol_failure});
}

TEST_CASE("restored text is UTF-8, and refused as soon as its bytes show that it is not") {
    const std::string euro = "\xe2\x82\xac";
    expect_compressed(raw_frame(fin | rsv1 | text, packed(euro)), {"text:" + euro});
    expect_compressed(raw_frame(fin | rsv1 | text, packed("\xe2\x82")), {utf8_failure});
    expect_compressed(raw_frame(fin | rsv1 | text, packed("a\xff")), {utf8_failure});
    expect_compressed(raw_frame(fin | rsv1 | binary, packed("a\xff")), {"binary:a\xff"});
    // The message would go on.
    const std::string bytes = packed("\xed\xa0\x80 and so on, and so on, and so on");
    expect_compressed(raw_frame(rsv1 | text, bytes), {utf8_failure});
}

TEST_CASE("what is no compressed message, or too much of one, is refused") {
    expect_compressed(raw_frame(fin | rsv1 | text, "\xff\xff"), {protocol_failure});
    expect_compressed(raw_frame(fin | rsv1 | text, hello_bytes.substr(0, 4)), {protocol_failure});
    expect_compressed(raw_frame(fin | rsv1 | text, ""), {protocol_failure});
    const std::string many(1000, 'a');
    const auto frame = raw_frame(fin | rsv1 | text, packed(many));
    expect_compressed(frame, {"text:" + many}, {.max_message_bytes = 1000});
    expect_compressed(frame, {size_failure}, {.max_message_bytes = 999});
    expect_compressed(huge_header(fin | rsv1 | text, 1 << 30), {size_failure});
}

namespace {

/// Like readings, with some text that is not ASCII.
std::string document(std::mt19937& random, std::size_t bytes) {
    std::string out;
    while (out.size() < bytes)
        out +=
            "{\"sensor\":\"temp\xc3\xa9rature\",\"value\":" + std::to_string(random() % 1000) + "}";
    out.resize(bytes);
    if (out.back() == '\xc3') out.back() = 'x';
    return out;
}

/// Sends messages of all sizes from one end to the other and back.
template <role Sender>
void converse(compressor& own, std::unique_ptr<compressor> peers, std::size_t fragment,
              std::mt19937& random) {
    constexpr role receiver = Sender == role::server ? role::client : role::server;
    reader<receiver> peer;
    peer.of().use(std::move(peers));
    transcript expected;
    for (const std::size_t bytes :
         {16u, 64u, 256u, 1024u, 4096u, 8192u, 16384u, 32768u, 65536u, 131072u, 300u, 70u})
        for (const unsigned op : {text, binary}) {
            const auto message = document(random, bytes);
            expected.push_back((op == text ? "text:" : "binary:") + message);
            std::string payload;
            const unsigned mark = own.compress(message, payload) ? rsv1 : 0;
            if (mark == 0) payload = message;
            std::string stream;
            for (std::size_t at = 0; at < payload.size(); at += fragment) {
                const unsigned start = at == 0 ? mark | op : 0;
                const unsigned end = at + fragment >= payload.size() ? fin : 0;
                stream += raw_frame(start | end, std::string_view{payload}.substr(at, fragment),
                                    Sender == role::client);
            }
            for (std::size_t at = 0; at < stream.size();) {
                const std::size_t chunk = 1 + random() % 5000;
                REQUIRE(peer.read(std::string_view{stream}.substr(at, chunk)));
                at += chunk;
            }
        }
    REQUIRE((peer.handler.events == expected));
}

}  // namespace

TEST_CASE("12, 13: messages of all sizes, with all parameters, both ways") {
    std::mt19937 random{test_seed() + 41};
    const std::string name = "permessage-deflate";
    for (const char* parameters :
         {"", "; client_no_context_takeover; client_max_window_bits",
          "; client_no_context_takeover; client_max_window_bits=9",
          "; client_no_context_takeover; client_max_window_bits=15",
          "; server_no_context_takeover; server_max_window_bits=8",
          "; server_no_context_takeover; server_max_window_bits=15",
          "; server_no_context_takeover; server_max_window_bits=9; client_max_window_bits=9"}) {
        CAPTURE(test_seed(), parameters);
        const permessage_deflate server{
            {.server_no_context_takeover = false, .client_no_context_takeover = false}};
        const auto offer = name + parameters;
        for (const std::size_t fragment : {std::size_t{1} << 30, std::size_t{300}}) {
            const auto at_server = server.accept(offer);
            const auto client = [&] {
                const auto offered =
                    websocket::detail::parse_deflate((*parse_extensions(offer))[0], true);
                return std::make_unique<websocket::detail::deflate_compressor>(
                    role::client, *confirm_deflate_answer(at_server.header, *offered),
                    deflate_options{});
            };
            converse<role::server>(*at_server.connection, client(), fragment, random);
            converse<role::client>(*client(), server.accept(offer).connection, fragment, random);
        }
    }
}
