#include <millrace/websocket/protocol.hpp>

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "allocations.hpp"
#include "catch.hpp"
#include "naive_decoder.hpp"
#include "stream.hpp"

using namespace millrace;
using namespace millrace::websocket;
using namespace millrace::websocket::tests;

// The rules of RFC 6455, one by one, are in conformance/.

namespace {

const std::string hello = raw_frame(fin | text, "Hello");

}  // namespace

TEST_CASE("a handler can stop after each event and go on later") {
    const std::string stream = hello + raw_frame(fin | ping, "p") + raw_frame(text, "a") +
                               raw_frame(fin | pong, "q") + raw_frame(fin, "b") + hello +
                               close_frame(1000);
    const transcript expected{"text:Hello", "ping:p",     "pong:q",
                              "text:ab",    "text:Hello", "close 1000:"};
    for (const std::size_t chunk : {std::size_t{1}, std::size_t{5}, stream.size()}) {
        reader<role::server> r;
        r.handler.stop_after = 0;
        for (std::size_t at = 0; at < stream.size(); at += chunk)
            CHECK(r.read(std::string_view{stream}.substr(at, chunk)));
        CHECK(r.handler.events == expected);
    }

    std::string bytes = stream + '\0';
    protocol<role::server> p;
    recorder handler;
    handler.stop_after = 1;
    const auto result = p.receive({bytes.data(), stream.size()}, handler);
    CHECK(result.stopped);
    CHECK(result.consumed == hello.size());
    CHECK(handler.events == transcript{"text:Hello"});
}

TEST_CASE("after an error nothing more is taken") {
    std::string bytes = raw_frame(fin | 3, "x") + '\0';
    protocol<role::server> p;
    recorder handler;
    CHECK(p.receive({bytes.data(), bytes.size() - 1}, handler).error == errc::protocol_error);
    std::string more = hello + '\0';
    const auto result = p.receive({more.data(), hello.size()}, handler);
    CHECK(result.error == errc::protocol_error);
    CHECK(result.consumed == 0);
    CHECK(handler.events.empty());
}

TEST_CASE("whole data frames are handed out where they lie, without an allocation") {
    struct counting {
        std::size_t messages = 0;
        const char* first = nullptr;
        bool on_message(opcode, std::span<char> payload) {
            if (messages++ == 0) first = payload.data();
            return true;
        }
        bool on_ping(std::string_view) { return true; }
        bool on_pong(std::string_view) { return true; }
        bool on_close(close_code, std::string_view) { return true; }
    };
    std::string stream;
    for (int i = 0; i != 100; ++i)
        stream += raw_frame(fin | text, "\xe2\x82\xac 0123456789") + raw_frame(fin | binary, "b");
    stream += '\0';
    protocol<role::server> p;
    counting handler;
    const auto before = allocations_so_far().count;
    const auto result = p.receive({stream.data(), stream.size() - 1}, handler);
    CHECK(allocations_so_far().count == before);
    CHECK(result.consumed == stream.size() - 1);
    CHECK(handler.messages == 200);
    CHECK(handler.first == stream.data() + 6);
}

namespace {

/// Streams that are mostly right, with limits low enough to be met.
class stream_generator {
public:
    explicit stream_generator(unsigned seed) : random_{seed} {}

    unsigned below(std::size_t n) { return static_cast<unsigned>(random_() % n); }
    bool one_in(unsigned n) { return below(n) == 0; }

    std::string stream() {
        std::string out;
        for (unsigned frames = below(12); frames != 0; --frames) out += frame();
        if (one_in(6) && !out.empty()) {
            char& c = out[below(out.size())];
            c = static_cast<char>(c ^ static_cast<char>(1u << below(8)));
        }
        return out;
    }

private:
    std::string frame() {
        unsigned op = is_open_ ? 0 : 1 + below(2);
        if (one_in(4)) op = ping + below(2);
        if (one_in(25)) op = close_op;
        if (one_in(60)) op = below(16);
        bool is_final = op >= 8 || !one_in(3);
        if (one_in(100)) is_final = !is_final;
        if (op < 8) is_open_ = !is_final;
        const unsigned reserved = one_in(80) ? below(8) << 4 : 0;
        std::string body = op == close_op ? close_payload() : payload();
        const std::size_t width = one_in(100) ? (one_in(2) ? 2 : 8) : 0;
        return raw_frame((is_final ? fin : 0) | reserved | op, body, !one_in(100), width);
    }

    std::string payload() {
        std::string out;
        for (unsigned n = one_in(5) ? below(120) : below(20); n != 0; --n) {
            static constexpr std::uint32_t ends[] = {0x80, 0x80, 0x80, 0x800, 0xd800, 0x10ffff};
            out += encode_utf8(below(ends[below(6)]));
        }
        if (one_in(12) && !out.empty()) out.resize(out.size() - 1);
        if (one_in(30)) out += static_cast<char>(below(256));
        return out;
    }

    std::string close_payload() {
        static constexpr unsigned codes[] = {1000, 1001, 1005, 1014, 3000, 4999, 5000, 0};
        if (one_in(4)) return std::string(below(2), 'c');
        const unsigned code = codes[below(8)];
        return bytes_of({code >> 8, code & 255}) + payload();
    }

    std::mt19937 random_;
    bool is_open_ = false;
};

}  // namespace

TEST_CASE("random streams give in both lanes what a naive decoder gives") {
    const auto seed = test_seed() + GENERATE(11u, 12u, 13u, 14u);
    CAPTURE(seed);
    stream_generator generate{seed};
    int failed = 0, messages = 0;
    for (int round = 0; round != 1500; ++round) {
        CAPTURE(round);
        protocol_options options;
        options.max_message_bytes = 100 + generate.below(300);
        options.max_empty_fragments = 1 + generate.below(3);
        const std::string stream = generate.stream();
        const auto expected = naive_decode(stream, options);
        messages += static_cast<int>(expected.size());
        failed += !expected.empty() && expected.back().starts_with("error");

        std::vector<std::size_t> cuts;
        for (std::size_t at = 1; at < stream.size(); ++at)
            if (generate.one_in(20)) cuts.push_back(at);
        REQUIRE(read_chunks(stream, {}, options) == expected);
        REQUIRE(read_chunks(stream, cuts, options) == expected);
        REQUIRE(read_chunks(stream, every(1, stream.size()), options) == expected);
    }
    CHECK(failed > 150);
    CHECK(messages > 2000);
}

TEST_CASE("each byte of a random stream gives at once all that the bytes so far allow") {
    stream_generator generate{test_seed() + 15};
    for (int round = 0; round != 150; ++round) {
        CAPTURE(test_seed(), round);
        const std::string stream = generate.stream();
        protocol_options options;
        options.max_message_bytes = 300;
        reader<role::server> r{options};
        for (std::size_t size = 1; size <= stream.size(); ++size) {
            const auto seen = std::string_view{stream}.substr(0, size);
            const bool goes_on = r.read(seen.substr(size - 1));
            const auto expected = naive_decode(seen, options);
            REQUIRE(r.handler.events == expected);
            REQUIRE(read_chunks(seen, {}, options) == expected);
            if (!goes_on) break;
        }
    }
}
