#include <millrace/websocket/frame_assembler.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <string>

#include "allocations.hpp"
#include "catch.hpp"
#include "stream.hpp"

namespace {

std::atomic<std::size_t> allocation_count{0};
std::atomic<std::size_t> allocated_bytes{0};

}  // namespace

// Once inlined, g++ takes these for mismatched pairs of new and free.
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    allocation_count += 1;
    allocated_bytes += size;
    return std::malloc(size != 0 ? size : 1);
}
[[gnu::noinline]] void* operator new(std::size_t size) {
    if (void* memory = operator new(size, std::nothrow)) return memory;
    throw std::bad_alloc{};
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace millrace::websocket::tests {

allocations allocations_so_far() noexcept { return {allocation_count, allocated_bytes}; }

namespace {

constexpr std::size_t megabyte = 1024 * 1024;

frame_header header_of(opcode op, std::uint64_t size, bool fin = true) {
    return {.op = op, .fin = fin, .header_bytes = 14, .mask = 0x01020304, .payload_bytes = size};
}

template <class Assembler>
std::size_t bytes_to_begin(Assembler& assembler, const frame_header& header) {
    const auto before = allocations_so_far().bytes;
    REQUIRE_FALSE(assembler.begin(header));
    return allocations_so_far().bytes - before;
}

template <class Assembler>
std::error_code feed(Assembler& assembler, std::string bytes, std::size_t chunk) {
    std::error_code error;
    for (std::size_t at = 0; at < bytes.size() && !error; at += chunk) {
        const auto size = std::min(chunk, bytes.size() - at);
        CHECK(assembler.feed(bytes.data() + at, size, error) == size);
    }
    return error;
}

}  // namespace

TEST_CASE("a header that declares a long frame costs little memory before its bytes come") {
    detail::frame_assembler<role::server> assembler{64 * megabyte};

    SECTION("in the first frame of a message") {
        CHECK(bytes_to_begin(assembler, header_of(opcode::binary, 64 * megabyte)) < 20 * 1024);
    }
    SECTION("in a later one") {
        REQUIRE_FALSE(assembler.begin(header_of(opcode::binary, 0, false)));
        REQUIRE(assembler.frame_done());
        CHECK(bytes_to_begin(assembler, header_of(opcode::continuation, 64 * megabyte)) <
              20 * 1024);
    }
}

TEST_CASE("a frame of many pieces arrives as it was sent, in chunks of any size") {
    constexpr auto piece = detail::frame_assembler<role::server>::piece_bytes;
    for (const std::size_t size : {piece - 1, piece, piece + 1, 3 * piece, 3 * piece + 5})
        for (const std::size_t chunk : {std::size_t{1000}, piece, piece + 3, 4 * piece}) {
            std::string payload(size, '\0');
            for (std::size_t i = 0; i != size; ++i) payload[i] = static_cast<char>(i * 7 + i / 251);
            const auto header = header_of(opcode::binary, size);
            std::string masked = payload;
            apply_mask(masked.data(), masked.size(), header.mask);

            detail::frame_assembler<role::server> assembler{megabyte};
            REQUIRE_FALSE(assembler.begin(header));
            CHECK_FALSE(feed(assembler, masked, chunk));
            REQUIRE(assembler.frame_done());
            const auto message = assembler.take_message();
            REQUIRE(message);
            CHECK(message->get_raw_payload() == payload);
            CHECK_FALSE(assembler.take_message());
        }
}

TEST_CASE("a fragment completes no message before the last one") {
    detail::frame_assembler<role::client> assembler{megabyte};
    REQUIRE_FALSE(assembler.begin(header_of(opcode::text, 3, false)));
    CHECK_FALSE(feed(assembler, "abc", 1));
    CHECK(assembler.frame_done());
    CHECK_FALSE(assembler.take_message());
    REQUIRE_FALSE(assembler.begin(header_of(opcode::continuation, 0)));
    CHECK(assembler.frame_done());
    const auto message = assembler.take_message();
    REQUIRE(message);
    CHECK(message->get_raw_payload() == "abc");
}

TEST_CASE("text that cannot become valid UTF-8 is refused at the byte that shows it") {
    detail::frame_assembler<role::client> assembler{megabyte};
    REQUIRE_FALSE(assembler.begin(header_of(opcode::text, 100)));
    CHECK_FALSE(feed(assembler, "abc\xe2\x82", 5));
    CHECK(feed(assembler, "z", 1) == make_error_code(errc::invalid_utf8));
}

}  // namespace millrace::websocket::tests
