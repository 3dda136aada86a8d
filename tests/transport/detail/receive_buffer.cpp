#include <millrace/transport/detail/receive_buffer.hpp>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "catch.hpp"

using millrace::detail::receive_buffer;

namespace {

struct shared_memory {
    static constexpr std::size_t size = 16 * 1024;

    std::vector<char> bytes = std::vector<char>(size + 1);
    std::span<char> span{bytes.data(), size};
};

/// Puts `text` in, as a read does.
std::string_view receive(receive_buffer& buffer, std::string_view text) {
    const auto area = buffer.prepare();
    REQUIRE(area.size() >= text.size());
    std::copy(text.begin(), text.end(), area.begin());
    const auto all = buffer.commit(text.size());
    return {all.data(), all.size()};
}

}  // namespace

TEST_CASE("what is not consumed is in front of the next read") {
    shared_memory shared;
    receive_buffer buffer{shared.span};
    REQUIRE(receive(buffer, "hello wor") == "hello wor");
    buffer.consume(6);
    REQUIRE(buffer.size() == 3);
    REQUIRE(receive(buffer, "ld") == "world");
    buffer.consume(5);
    REQUIRE(buffer.size() == 0);
}

TEST_CASE("connections that share a buffer keep their tails apart") {
    shared_memory shared;
    receive_buffer first{shared.span}, second{shared.span};
    receive(first, "abc");
    first.consume(1);
    receive(second, "xyz");
    second.consume(2);
    REQUIRE(receive(first, "d") == "bcd");
    first.consume(0);
    REQUIRE(receive(second, "!") == "z!");
}

TEST_CASE("a long tail is not copied at each read, and a short one is") {
    shared_memory shared;
    receive_buffer buffer{shared.span};
    receive(buffer, std::string(receive_buffer::max_copied_bytes + 1, 'x'));
    buffer.consume(0);
    const char* own = buffer.prepare().data();
    REQUIRE((own < shared.span.data() || own > shared.span.data() + shared.span.size()));
    REQUIRE(buffer.prepare().data() == own);
    static_cast<void>(buffer.commit(0));
    buffer.consume(2);
    const char* back = buffer.prepare().data();
    REQUIRE(back == shared.span.data() + receive_buffer::max_copied_bytes - 1);
}

TEST_CASE("a read that gives nothing changes nothing") {
    shared_memory shared;
    receive_buffer buffer{shared.span};
    receive(buffer, "tail");
    buffer.consume(0);
    static_cast<void>(buffer.prepare());
    REQUIRE(receive(buffer, "s") == "tails");
}

TEST_CASE("a full buffer has a writable byte behind it, and grows for what cannot be used yet") {
    shared_memory shared;
    receive_buffer buffer{shared.span};
    std::string sent;
    for (std::size_t room; sent.size() < 5 * shared_memory::size; sent.append(room, 'x')) {
        room = buffer.prepare().size();
        REQUIRE(room != 0);
        const auto all = receive(buffer, std::string(room, 'x'));
        REQUIRE(all.size() == sent.size() + room);
        const_cast<char*>(all.data())[all.size()] = '\0';
        buffer.consume(0);
    }
    REQUIRE(receive(buffer, "end") == sent + "end");
    REQUIRE(std::string_view{buffer.tail().data(), buffer.size()} == sent + "end");

    buffer.consume(sent.size() - shared_memory::size / 2);
    REQUIRE(buffer.prepare().size() == shared_memory::size / 2 - 3);
    buffer.consume(buffer.size());
    REQUIRE(buffer.prepare().data() == shared.span.data());
}

TEST_CASE("any sequence of reads gives the bytes in order") {
    const unsigned seed = GENERATE(1u, 2u, 3u);
    CAPTURE(seed);
    std::mt19937 random{seed};
    shared_memory shared;
    receive_buffer buffer{shared.span}, neighbour{shared.span};
    std::string sent, received;
    for (int step = 0; step < 3000; ++step) {
        receive(neighbour, "noise");
        neighbour.consume(random() % 2 == 0 ? 5 : 4);
        if (neighbour.size() > 100) {
            receive(neighbour, "");
            neighbour.consume(neighbour.size());
        }
        std::string chunk(random() % (buffer.prepare().size() + 1), '\0');
        for (char& c : chunk) c = static_cast<char>('a' + random() % 26);
        sent += chunk;
        const auto all = receive(buffer, chunk);
        const std::size_t used = random() % 3 == 0 ? all.size() : random() % (all.size() + 1);
        received += all.substr(0, used);
        buffer.consume(used);
    }
    REQUIRE(received == sent.substr(0, received.size()));
    REQUIRE(received.size() + buffer.size() == sent.size());
}
