#include <millrace/publish/detail/outbox.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <random>
#include <span>
#include <string>
#include <string_view>

#include "catch.hpp"
#include "message.hpp"

using namespace millrace;

namespace {

using outbox = detail::basic_outbox<message>;
using kind = outbox::kind;

struct message_pool {
    [[nodiscard]] static message wrap(std::string text) { return {std::move(text)}; }
};

/// What is next to be written, up to `parts` messages of it.
std::string front(const outbox& box, std::size_t parts = 64) {
    std::array<std::span<const char>, 64> buffers;
    const std::size_t count = box.gather(std::span{buffers.data(), parts});
    std::string bytes;
    for (std::size_t i = 0; i != count; ++i) bytes.append(buffers[i].data(), buffers[i].size());
    return bytes;
}

}  // namespace

TEST_CASE("an outbox gives messages in order, as far as they are asked for") {
    const message_pool pool;
    outbox box;
    REQUIRE(box.empty());
    REQUIRE(front(box).empty());
    box.push(pool.wrap("one"));
    box.push(pool.wrap("two"), kind::control);
    box.push(pool.wrap("three"));
    REQUIRE(front(box) == "onetwothree");
    REQUIRE(front(box, 2) == "onetwo");
    REQUIRE(box.messages() == 3);
    REQUIRE(box.size_bytes() == 11 + 3 * outbox::message_overhead_bytes);
}

TEST_CASE("an outbox goes on where the last write ended") {
    const message_pool pool;
    outbox box;
    box.push(pool.wrap("one"));
    box.push(pool.wrap("two"));
    box.written(1);
    REQUIRE(front(box) == "netwo");
    box.written(3);
    REQUIRE(front(box) == "wo");
    REQUIRE(box.messages() == 1);
    box.written(2);
    REQUIRE(box.empty());
    REQUIRE(box.size_bytes() == 0);
}

TEST_CASE(
    "the oldest message of data is dropped whole, never one that is being written or control") {
    const message_pool pool;
    outbox box;
    box.push(pool.wrap("one"));
    box.push(pool.wrap("close"), kind::control);
    box.push(pool.wrap("two"));
    box.push(pool.wrap("three"));
    box.written(1);
    REQUIRE(box.drop_oldest());
    REQUIRE(front(box) == "neclosethree");
    REQUIRE(box.drop_oldest());
    REQUIRE(front(box) == "neclose");
    REQUIRE(!box.drop_oldest());
    REQUIRE(front(box) == "neclose");
    REQUIRE(box.size_bytes() == 8 + 2 * outbox::message_overhead_bytes);
    REQUIRE(!outbox{}.drop_oldest());
}

TEST_CASE("room is made by as few of the oldest as it takes, and as many as there are") {
    const message_pool pool;
    outbox box;
    for (const char* text : {"one", "two", "six", "ten"}) box.push(pool.wrap(text));
    box.push(pool.wrap("close"), kind::control);
    const std::size_t all = box.size_bytes(), one = 3 + outbox::message_overhead_bytes;
    REQUIRE(box.make_room(10, all + 10) == 0);
    REQUIRE(box.make_room(11, all + 10) == 1);
    REQUIRE(front(box) == "twosixtenclose");
    REQUIRE(box.make_room(one + 1, all - one) == 2);
    REQUIRE(front(box) == "tenclose");
    REQUIRE(box.make_room(1, 0) == 1);
    REQUIRE(box.make_room(1, 0) == 0);
    REQUIRE(front(box) == "close");
    box.push(pool.wrap("a"));
    box.push(pool.wrap("b"));
    REQUIRE(box.drop_all() == 2);
    REQUIRE(front(box) == "close");
}

TEST_CASE("all is discarded, and the data among it counted, also what is partly written") {
    const message_pool pool;
    outbox box;
    REQUIRE(box.discard() == 0);
    for (const char* text : {"one", "two", "six"}) box.push(pool.wrap(text));
    box.push(pool.wrap("close"), kind::control);
    box.push_urgent(pool.wrap("P"));
    box.written(5);
    REQUIRE(box.discard() == 2);
    REQUIRE(box.empty());
    REQUIRE(box.size_bytes() == 0);
    box.push(pool.wrap("new"));
    REQUIRE(front(box) == "new");
}

TEST_CASE(
    "an urgent message overtakes data, but not what is being written, and replaces the last one") {
    const message_pool pool;
    outbox box;
    SECTION("with nothing queued") {
        box.push_urgent(pool.wrap("P"));
        REQUIRE(front(box) == "P");
    }
    SECTION("before all data") {
        box.push(pool.wrap("data"));
        box.push_urgent(pool.wrap("P"));
        box.push_urgent(pool.wrap("Q"));
        REQUIRE(front(box) == "Qdata");
    }
    SECTION("behind a message partly written") {
        box.push(pool.wrap("one"));
        box.push(pool.wrap("two"));
        box.push(pool.wrap("three"));
        box.written(4);
        box.push_urgent(pool.wrap("P"));
        box.push_urgent(pool.wrap("Q"));
        REQUIRE(front(box) == "woQthree");
    }
    SECTION("an urgent one partly written is finished") {
        box.push_urgent(pool.wrap("PP"));
        box.written(1);
        box.push_urgent(pool.wrap("QQ"));
        REQUIRE(front(box) == "PQQ");
    }
    std::size_t bytes = front(box).size();
    box.written(bytes);
    REQUIRE(box.size_bytes() == 0);
}

TEST_CASE("bursts reuse an outbox's memory, which is given back when they are over") {
    const message_pool pool;
    outbox box;
    const auto fill_and_empty = [&](std::size_t count) {
        message next = pool.wrap("x");
        next.set_subject(1);
        for (std::size_t i = 0; i != count; ++i) box.push(next);
        REQUIRE(box.replace(next, SIZE_MAX));
        for (std::size_t left = count; left != 0;) {
            const std::size_t size = std::min<std::size_t>(left, 64);
            box.written(size);
            left -= size;
        }
        REQUIRE(box.empty());
    };
    fill_and_empty(10'000);
    const std::size_t kept = box.memory_bytes();
    REQUIRE(kept > 10'000 * sizeof(message));
    for (int i = 0; i != 3; ++i) {
        fill_and_empty(10'000);
        REQUIRE(box.memory_bytes() == kept);
    }
    fill_and_empty(10);
    REQUIRE(box.memory_bytes() < 8 * 1024);
    fill_and_empty(100);
    box.push(pool.wrap("again"));
    REQUIRE(front(box) == "again");
}

namespace {

struct entry {
    std::string bytes;
    kind what;
    std::uint64_t subject = 0;
};

/// The same as a plain list.
struct naive_outbox {
    std::deque<entry> waiting;
    std::size_t written = 0;

    auto unwritten() { return waiting.begin() + (written != 0); }
    [[nodiscard]] std::size_t cost() const {
        std::size_t all = 0;
        for (const auto& each : waiting) all += each.bytes.size() + outbox::message_overhead_bytes;
        return all;
    }
    void push_urgent(const std::string& bytes) {
        const auto at = unwritten();
        if (at != waiting.end() && at->what == kind::urgent)
            at->bytes = bytes;
        else
            waiting.insert(at, {bytes, kind::urgent});
    }
    bool drop_oldest() {
        auto oldest = unwritten();
        while (oldest != waiting.end() && oldest->what != kind::data) ++oldest;
        if (oldest == waiting.end()) return false;
        waiting.erase(oldest);
        return true;
    }
    bool replace(const std::string& bytes, std::uint64_t subject, std::size_t max_bytes) {
        for (auto at = waiting.end(); at != unwritten();) {
            --at;
            if (at->what != kind::data || at->subject != subject) continue;
            if (cost() - at->bytes.size() + bytes.size() > max_bytes) return false;
            at->bytes = bytes;
            return true;
        }
        return false;
    }
    void write(std::size_t size) {
        written += size;
        while (!waiting.empty() && written >= waiting.front().bytes.size()) {
            written -= waiting.front().bytes.size();
            waiting.pop_front();
        }
    }
    [[nodiscard]] std::string front() const {
        std::string bytes;
        for (std::size_t i = 0; i != std::min<std::size_t>(waiting.size(), 64); ++i)
            bytes += waiting[i].bytes;
        return bytes.substr(written);
    }
};

}  // namespace

TEST_CASE("an outbox behaves like a plain list under random use") {
    const unsigned seed = GENERATE(1u, 2u, 3u);
    // With much to write it is often empty, with little it grows long.
    const unsigned writes = GENERATE(1u, 6u);
    const std::uint64_t subjects = GENERATE(3u, 300u);
    CAPTURE(seed, writes, subjects);
    std::mt19937 random{seed};
    const message_pool pool;
    outbox box;
    naive_outbox model;

    for (int step = 0; step < 10'000; ++step) {
        const std::string bytes(1 + random() % 20, static_cast<char>('a' + step % 26));
        const std::uint64_t subject = random() % subjects;
        message next = pool.wrap(bytes);
        const auto choice = random() % (9 + writes);
        if (choice < 3) {
            next.set_subject(subject);
            box.push(next);
            model.waiting.push_back({bytes, kind::data, subject});
        } else if (choice < 6) {
            next.set_subject(1 + subject);
            const std::size_t most = model.cost() + random() % 12;
            REQUIRE(box.replace(next, most) == model.replace(bytes, 1 + subject, most));
        } else if (choice == 6) {
            box.push(next, kind::control);
            model.waiting.push_back({bytes, kind::control});
        } else if (choice == 7) {
            box.push_urgent(next);
            model.push_urgent(bytes);
        } else if (choice == 8) {
            REQUIRE(box.drop_oldest() == model.drop_oldest());
        } else {
            const std::size_t size = random() % (1 + front(box, 8).size());
            box.written(size);
            model.write(size);
        }
        REQUIRE(front(box) == model.front());
        REQUIRE(box.messages() == model.waiting.size());
        if (step % 16 == 0) REQUIRE(box.size_bytes() == model.cost());
    }
}

TEST_CASE("a message takes the place of the last one of its subject that is not being written") {
    const message_pool pool;
    outbox box;
    const auto of = [&](std::uint64_t subject, std::string bytes) {
        message made = pool.wrap(std::move(bytes));
        made.set_subject(subject);
        return made;
    };
    constexpr std::size_t plenty = 1000;
    REQUIRE(!box.replace(of(1, "no"), plenty));
    box.push(of(1, "a1 "));
    box.push(of(2, "b1 "));
    box.push(of(1, "a2 "));
    box.push(pool.wrap("end"), kind::control);
    REQUIRE(box.replace(of(1, "longer "), plenty));
    REQUIRE(front(box) == "a1 b1 longer end");
    REQUIRE(box.size_bytes() == 16 + 4 * outbox::message_overhead_bytes);
    REQUIRE(!box.replace(of(3, "c1 "), plenty));
    REQUIRE(!box.replace(of(2, std::string(100, 'b')), box.size_bytes() + 96));
    REQUIRE(front(box) == "a1 b1 longer end");

    box.written(4);
    REQUIRE(!box.replace(of(2, "b2 "), plenty));
    REQUIRE(box.replace(of(1, "a4 "), plenty));
    REQUIRE(front(box) == "1 a4 end");
}
