#include <millrace/websocket/message_buffer.hpp>

#include <fstream>
#include <string>
#include <utility>

#include "catch.hpp"

using millrace::websocket::message_buffer;

namespace {

constexpr std::size_t megabyte = 1024 * 1024;

/// Of this process.
std::size_t resident_bytes() {
    std::ifstream statm{"/proc/self/statm"};
    std::size_t all = 0, resident = 0;
    statm >> all >> resident;
    return resident * 4096;
}

}  // namespace

TEST_CASE("a message_buffer keeps its bytes at every size") {
    message_buffer buffer;
    REQUIRE(buffer.empty());
    REQUIRE(buffer.view().empty());
    std::string expected;
    for (std::size_t step = 1; expected.size() < 3 * megabyte; step = step * 3 / 2 + 1) {
        const std::string piece(step, static_cast<char>('a' + step % 26));
        expected += piece;
        buffer.append(piece);
        REQUIRE((buffer.view() == expected));
        REQUIRE(buffer.capacity() >= buffer.size());
        REQUIRE(buffer.capacity() <= 2 * buffer.size() + 64 * 1024);
    }
    buffer.append({});
    REQUIRE((buffer.view() == expected));
}

TEST_CASE("a message_buffer has room for exactly what is reserved at first") {
    message_buffer small, large;
    small.reserve(1000);
    CHECK(small.capacity() == 1000);
    large.reserve(4 * megabyte);
    CHECK(large.capacity() == 4 * megabyte);
    const char* const before = large.data();
    large.append(std::string(4 * megabyte, 'x'));
    CHECK(large.data() == before);
}

TEST_CASE("a message_buffer is moved with its bytes") {
    for (const std::size_t size : {std::size_t{10}, megabyte}) {
        message_buffer from, to;
        from.append(std::string(size, 'x'));
        to.append("before");
        to = std::move(from);
        REQUIRE((to.view() == std::string(size, 'x')));
        message_buffer last{std::move(to)};
        REQUIRE((last.view() == std::string(size, 'x')));
        last = message_buffer{};
        REQUIRE(last.empty());
        REQUIRE(last.capacity() == 0);
    }
}

TEST_CASE("a large message_buffer takes pages as they are written, and gives all of them back") {
    const auto before = resident_bytes();
    {
        message_buffer buffer;
        buffer.reserve(64 * megabyte);
        CHECK(resident_bytes() < before + 6 * megabyte);
        const std::string piece(16 * 1024, 'x');
        while (buffer.size() < 16 * megabyte) buffer.append(piece);
        CHECK(resident_bytes() > before + 15 * megabyte);
        CHECK(resident_bytes() < before + 22 * megabyte);
    }
    CHECK(resident_bytes() < before + 6 * megabyte);  // a sanitizer's own
}
