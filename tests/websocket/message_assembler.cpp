#include <millrace/websocket/message_assembler.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "allocations.hpp"
#include "catch.hpp"

namespace millrace::websocket::tests {

namespace {

using detail::message_assembler;

constexpr std::size_t megabyte = 1024 * 1024;

frame_header header_of(opcode op, std::uint64_t size, bool is_final = true) {
    return {
        .op = op, .fin = is_final, .header_bytes = 14, .mask = 0x01020304, .payload_bytes = size};
}

std::string masked(std::string text) {
    apply_mask(text.data(), text.size(), 0x01020304);
    return text;
}

/// Feeds in chunks until an error.
errc feed(message_assembler& assembler, std::string bytes, std::size_t chunk) {
    errc error{};
    for (std::size_t at = 0; at < bytes.size() && error == errc{}; at += chunk) {
        const auto size = std::min(chunk, bytes.size() - at);
        CHECK(assembler.feed({bytes.data() + at, size}, error) == size);
    }
    return error;
}

std::string message_of(message_assembler& assembler) {
    const auto message = assembler.message();
    CHECK(message.data()[message.size()] == '\0');
    return {message.data(), message.size()};
}

/// Stands each byte for two of it.
struct doubling : compressor {
    errc restore(std::string_view piece, bool is_last, std::size_t max_bytes,
                 message_buffer& out) override {
        for (const char c : piece) out.append(std::string(2, c));
        if (is_last) out.append(".");
        return out.size() <= max_bytes ? errc{} : errc::message_too_big;
    }
    bool compress(std::string_view, std::string&) override { return false; }
    std::uint64_t shared_key() const noexcept override { return 0; }
};

}  // namespace

TEST_CASE("a header that declares a long frame costs little memory before its bytes come") {
    for (const bool is_first : {true, false}) {
        message_assembler assembler{nullptr, 64 * megabyte};
        if (!is_first) assembler.begin(header_of(opcode::binary, 0, false));
        const auto before = allocations_so_far().bytes;
        assembler.begin(header_of(is_first ? opcode::binary : opcode::continuation, 64 * megabyte));
        CHECK(allocations_so_far().bytes - before < 20 * 1024);
    }
}

TEST_CASE("a message takes at most twice its bytes") {
    message_assembler assembler{nullptr, megabyte};
    const auto before = allocations_so_far().bytes;
    assembler.begin(header_of(opcode::binary, megabyte));
    CHECK(feed(assembler, masked(std::string(megabyte, 'x')), 1000) == errc{});
    message_of(assembler);
    CHECK(allocations_so_far().bytes - before < 6 * megabyte);  // the copies, too
}

TEST_CASE("a frame arrives as it was sent, in chunks of any size") {
    for (const std::size_t size : {1u, 7u, 8u, 1000u, 70000u})
        for (const std::size_t chunk : {1u, 3u, 4u, 1000u, 16387u, 100000u}) {
            std::string payload(size, '\0');
            for (std::size_t i = 0; i != size; ++i) payload[i] = static_cast<char>(i * 7 + i / 251);
            message_assembler assembler{nullptr, megabyte};
            assembler.begin(header_of(opcode::binary, size));
            CHECK(feed(assembler, masked(payload), chunk) == errc{});
            REQUIRE(assembler.is_message_done());
            CHECK(message_of(assembler) == payload);
        }
}

TEST_CASE("a fragment completes no message before the last one") {
    message_assembler assembler{nullptr, megabyte};
    assembler.begin(header_of(opcode::text, 3, false));
    CHECK(feed(assembler, masked("abc"), 1) == errc{});
    CHECK(assembler.is_frame_done());
    CHECK_FALSE(assembler.is_message_done());
    assembler.begin(header_of(opcode::continuation, 0));
    CHECK(assembler.is_message_done());
    CHECK(assembler.empty_frames() == 1);
    CHECK(assembler.received_bytes() == 3);
    CHECK(assembler.op() == opcode::text);
    CHECK(message_of(assembler) == "abc");
}

TEST_CASE("text that cannot become valid UTF-8 is refused at the byte that shows it") {
    message_assembler assembler{nullptr, megabyte};
    assembler.begin(header_of(opcode::text, 100));
    const std::string bytes = masked("abc\xe2\x82z");
    CHECK(feed(assembler, bytes.substr(0, 5), 5) == errc{});
    std::string bad = bytes.substr(5);
    errc error{};
    assembler.feed(bad, error);
    CHECK(error == errc::invalid_utf8);
}

TEST_CASE("a compressed message is restored piece by piece, and its text checked") {
    doubling codec;
    const auto compressed = [](opcode op, std::uint64_t size) {
        auto header = header_of(op, size, false);
        header.is_compressed = true;
        return header;
    };
    SECTION("its end is told once, though it be empty") {
        message_assembler assembler{&codec, 100};
        assembler.begin(compressed(opcode::text, 2));
        CHECK(feed(assembler, masked("ab"), 1) == errc{});
        assembler.begin(header_of(opcode::continuation, 0));
        errc error{};
        assembler.feed({}, error);
        CHECK(error == errc{});
        CHECK(message_of(assembler) == "aabb.");
    }
    SECTION("what is no text once restored is refused") {
        message_assembler assembler{&codec, 100};
        assembler.begin(compressed(opcode::text, 10));
        CHECK(feed(assembler, masked("\xe2"), 1) == errc::invalid_utf8);
    }
    SECTION("so is what becomes too long") {
        message_assembler assembler{&codec, 5};
        assembler.begin(compressed(opcode::binary, 10));
        CHECK(feed(assembler, masked("abc"), 3) == errc::message_too_big);
    }
}

}  // namespace millrace::websocket::tests
