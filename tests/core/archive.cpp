#include <millrace/core/archive.hpp>

#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <millrace/core/keyed_map.hpp>
#include <millrace/core/timestamp.hpp>

#include "catch.hpp"

using namespace millrace;

namespace {

enum class phase : std::uint16_t { off, on };

struct inner {
    double value = 0;
    std::uint8_t low = 0;

    template <class Archive>
    void archive(Archive& ar) {
        ar(value, low);
    }
    friend bool operator==(const inner&, const inner&) = default;
};

struct state {
    std::int64_t count = 0;
    bool flag = false;
    phase current = phase::off;
    std::string name;
    timestamp time{};
    duration step{};
    std::optional<double> maybe;
    std::vector<inner> list;
    std::array<std::int32_t, 3> fixed{};
    std::pair<std::string, int> both;
    std::map<std::string, std::uint16_t> sorted;
    detail::keyed_map<std::string, inner> keyed;

    template <class Archive>
    void archive(Archive& ar) {
        ar.version(3);
        ar(count, flag, current, name, time, step, maybe, list, fixed, both, sorted, keyed);
        ar.require(count >= 0);
    }
    friend bool operator==(const state&, const state&) = default;
};

state random_state(std::mt19937_64& random) {
    const auto text = [&] { return std::string(random() % 20, static_cast<char>(random())); };
    state all;
    all.count = static_cast<std::int64_t>(random() >> 1);
    all.flag = random() % 2 == 0;
    all.current = phase::on;
    all.name = text();
    all.time = timestamp{duration{static_cast<std::int64_t>(random())}};
    all.step = duration{static_cast<std::int64_t>(random())};
    if (random() % 2 == 0) all.maybe = static_cast<double>(random());
    for (std::size_t i = random() % 5; i > 0; --i)
        all.list.push_back({static_cast<double>(random()), 7});
    all.fixed = {1, -2, static_cast<std::int32_t>(random())};
    all.both = {text(), -5};
    for (std::size_t i = random() % 5; i > 0; --i)
        all.sorted[text()] = static_cast<std::uint16_t>(random());
    for (std::size_t i = random() % 5; i > 0; --i) all.keyed[text()] = {0.5, 1};
    return all;
}

/// Counts the bytes that a container asks for.
template <class T>
struct counting_allocator {
    using value_type = T;
    static inline std::size_t largest_bytes = 0;

    counting_allocator() = default;
    template <class U>
    counting_allocator(const counting_allocator<U>&) noexcept {}

    T* allocate(std::size_t n) {
        largest_bytes = std::max(largest_bytes, n * sizeof(T));
        return std::allocator<T>{}.allocate(n);
    }
    void deallocate(T* at, std::size_t n) { std::allocator<T>{}.deallocate(at, n); }
    friend bool operator==(counting_allocator, counting_allocator) { return true; }
};

std::string bytes_of(std::uint64_t count, std::string_view rest = {}) {
    return save(count).append(rest);
}

struct versioned {
    std::uint8_t newest = 1;
    unsigned seen = 0;
    int value = 0;

    template <class Archive>
    void archive(Archive& ar) {
        seen = ar.version(newest);
        ar(value);
    }
};

}  // namespace

TEST_CASE("archive gives back what it saved") {
    const unsigned seed = 42;
    CAPTURE(seed);
    std::mt19937_64 random{seed};
    for (int round = 0; round < 500; ++round) {
        const state saved = random_state(random);
        state loaded = random_state(random);
        REQUIRE(load(save(saved), loaded) == std::error_code{});
        REQUIRE(loaded == saved);
    }
}

TEST_CASE("archive has the documented layout") {
    CHECK(save(std::uint32_t{0x01020304}) == std::string{"\x04\x03\x02\x01"});
    CHECK(save(std::string{"ab"}) == std::string{"\x02\0\0\0\0\0\0\0ab", 10});
    CHECK(save(inner{}).size() == 9);
    CHECK(save(true) == std::string{"\x01"});
    CHECK(save(std::optional<bool>{}) == std::string{"\0", 1});
    CHECK(save(versioned{}) == std::string{"\x01\0\0\0\0", 5});
}

TEST_CASE("archive keeps every bit of a number") {
    for (const double value :
         {-0.0, std::numeric_limits<double>::denorm_min(), std::numeric_limits<double>::infinity(),
          std::numeric_limits<double>::quiet_NaN()}) {
        double loaded = 1;
        REQUIRE(load(save(value), loaded) == std::error_code{});
        CHECK(std::bit_cast<std::uint64_t>(loaded) == std::bit_cast<std::uint64_t>(value));
    }
}

TEST_CASE("archive refuses every truncation, and bytes left over, and leaves the state alone") {
    std::mt19937_64 random{4};
    for (int round = 0; round < 20; ++round) {
        const std::string whole = save(random_state(random));
        const state before = random_state(random);
        state loaded = before;
        for (std::size_t size = 0; size < whole.size(); ++size) {
            const std::error_code error = load(std::string_view{whole}.substr(0, size), loaded);
            REQUIRE((error == errc::archive_truncated || error == errc::archive_corrupt));
            REQUIRE(loaded == before);
        }
        REQUIRE(load(whole + "x", loaded) == errc::archive_corrupt);
        REQUIRE(loaded == before);
    }
    int number = 5;
    CHECK(load("abc", number) == errc::archive_truncated);
    CHECK(number == 5);
}

TEST_CASE("archive refuses a length beyond its bytes without allocating for it") {
    for (const std::uint64_t count :
         {std::uint64_t{2}, std::uint64_t{1} << 40, ~std::uint64_t{0}}) {
        std::string text;
        CHECK(load(bytes_of(count, "a"), text) == errc::archive_truncated);
        CHECK(text.capacity() < 100);

        using list = std::vector<std::uint64_t, counting_allocator<std::uint64_t>>;
        list numbers;
        counting_allocator<std::uint64_t>::largest_bytes = 0;
        CHECK(load(bytes_of(count, "a"), numbers) == errc::archive_truncated);
        CHECK(counting_allocator<std::uint64_t>::largest_bytes == 0);

        std::map<std::string, int> map;
        CHECK(load(bytes_of(count, "a"), map) == errc::archive_truncated);
    }
    // As many elements as there are bytes, but each takes eight.
    std::vector<std::uint64_t, counting_allocator<std::uint64_t>> numbers;
    counting_allocator<std::uint64_t>::largest_bytes = 0;
    CHECK(load(bytes_of(80, std::string(80, 'x')), numbers) == errc::archive_truncated);
    CHECK(counting_allocator<std::uint64_t>::largest_bytes <= 160);
}

TEST_CASE("archive survives any damage") {
    const unsigned seed = 8;
    CAPTURE(seed);
    std::mt19937_64 random{seed};
    for (int round = 0; round < 20'000; ++round) {
        std::string bytes = save(random_state(random));
        for (std::size_t i = 1 + random() % 3; i > 0; --i) {
            bytes[random() % bytes.size()] = static_cast<char>(random());
        }
        state loaded;
        const std::error_code error = load(bytes, loaded);
        if (error)
            CHECK(error.category() == error_category());
        else
            CHECK(loaded.count >= 0);
    }
}

TEST_CASE("archive refuses a newer version, and version zero; an older one is told") {
    versioned newer{2, 0, 7};
    const std::string bytes = save(newer);
    versioned older{1, 0, 5};
    CHECK(load(bytes, older) == errc::archive_version);
    CHECK(older.value == 5);
    versioned newest{3, 0, 0};
    CHECK(load(bytes, newest) == std::error_code{});
    CHECK(newest.seen == 2);
    CHECK(newest.value == 7);
    std::string zero = bytes;
    zero[0] = 0;
    CHECK(load(zero, newest) == errc::archive_corrupt);
}

namespace {

struct fixed {
    int value = 0;
    bool is_rejected = false;

    explicit fixed(int of) : value{of} {}
    fixed(const fixed&) = delete;
    fixed& operator=(const fixed&) = delete;
    void reject_loaded() { is_rejected = true; }
    template <class Archive>
    void archive(Archive& ar) {
        ar(value);
    }
};

}  // namespace

TEST_CASE("what cannot be copied is loaded in its place") {
    const fixed saved{7};
    fixed loaded{1};
    CHECK(load(save(saved), loaded) == std::error_code{});
    CHECK(loaded.value == 7);
    CHECK(load("abc", loaded) == errc::archive_truncated);
    CHECK_FALSE(loaded.is_rejected);
    CHECK(load(save(saved) + "a", loaded) == errc::archive_corrupt);
    CHECK(loaded.is_rejected);
}

TEST_CASE("archive refuses values that cannot be") {
    bool flag = false;
    CHECK(load("\x02", flag) == errc::archive_corrupt);
    std::optional<int> maybe;
    CHECK(load(std::string{"\x05\0\0\0\0", 5}, maybe) == errc::archive_corrupt);
    std::map<std::uint8_t, std::uint8_t> map;
    CHECK(load(bytes_of(2, "\1\2\1\3"), map) == errc::archive_corrupt);  // a key twice
    CHECK(load(bytes_of(2, "\1\2\2\3"), map) == std::error_code{});
    state wrong;
    wrong.count = -1;
    state loaded;
    CHECK(load(save(wrong), loaded) == errc::archive_corrupt);
}
