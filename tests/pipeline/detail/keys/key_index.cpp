#include <millrace/pipeline/detail/keys/key_index.hpp>

#include <map>
#include <random>
#include <vector>

#include "catch.hpp"

using millrace::detail::key_index;

TEST_CASE("an index finds what a map finds, however the hashes lie") {
    const auto seed = test_seed();
    INFO("seed " << seed);
    std::mt19937 random{seed};
    const std::size_t hashes = GENERATE(as<std::size_t>{}, 1, 7, 1 << 20);
    key_index index;
    index.reserve(GENERATE(as<std::size_t>{}, 0, 100));
    std::map<std::uint32_t, std::size_t> hash_of;
    const auto find = [&](std::uint32_t number, std::size_t hash) {
        return index.find(hash, [&](std::uint32_t n) { return n == number; });
    };
    for (int i = 0; i < 20'000; ++i) {
        const auto number = static_cast<std::uint32_t>(random() % 300);
        const auto known = hash_of.find(number);
        if (known == hash_of.end()) {
            const std::size_t hash = (random() % hashes) << 2;
            REQUIRE(find(number, hash) == key_index::none);
            index.add(hash, number);
            hash_of.emplace(number, hash);
        } else {
            REQUIRE(find(number, known->second) == number);
            if (random() % 2 == 0) continue;
            index.erase(known->second, number);
            hash_of.erase(known);
        }
        REQUIRE(index.size() == hash_of.size());
    }
    for (const auto& [number, hash] : hash_of) REQUIRE(find(number, hash) == number);
}

TEST_CASE("an index grows by how many there are, not by how they lie") {
    key_index index;
    for (std::uint32_t number = 0; number < 9'000; ++number) index.add(42, number);
    CHECK(index.places() == 16'384);
    CHECK(index.find(42, [](std::uint32_t n) { return n == 8'999; }) == 8'999);
}

TEST_CASE("room made at once is as much as growing makes") {
    for (const std::uint32_t count : {0U, 6U, 7U, 3'072U, 3'073U, 24'576U, 24'577U}) {
        key_index grown, made;
        for (std::uint32_t number = 0; number < count; ++number) grown.add(number, number);
        made.reserve(count);
        CHECK(made.places() == grown.places());
        for (std::uint32_t number = 0; number < count; ++number) made.add(number, number);
        CHECK(made.places() == grown.places());
        made.add(count, count);
        CHECK(made.find(0, [](std::uint32_t n) { return n == 0; }) == 0);
        CHECK(made.find(count, [&](std::uint32_t n) { return n == count; }) == count);
    }
}

TEST_CASE("an index that moves bit by bit to a larger table finds what a map finds") {
    const auto seed = test_seed();
    INFO("seed " << seed);
    std::mt19937 random{seed};
    key_index index;
    std::vector<std::uint64_t> hash_of(60'000);  // 0 where it is not there
    std::size_t size = 0, wrong = 0;
    for (std::size_t i = 0; i < 250'000; ++i) {
        const std::size_t some = random() % hash_of.size();
        std::uint64_t& known = hash_of[some];
        const std::uint64_t hash = known != 0 ? known : (random() % 4 == 0 ? 1 : random());
        const auto number = static_cast<std::uint32_t>(some);
        const auto found = index.find(hash, [&](std::uint32_t n) { return n == number; });
        if (found != (known == 0 ? key_index::none : number)) ++wrong;
        if (known != 0 && random() % 3 == 0) {
            index.erase(known, number);
            known = 0;
            --size;
        } else if (known == 0) {
            // Few collide, lest it takes long.
            known = hash == 1 && size % 100 != 0 ? std::uint64_t{random()} + 2 : hash;
            index.add(known, number);
            ++size;
        }
        if (index.size() != size) ++wrong;
    }
    CHECK(wrong == 0);
    CHECK(index.places() == 65'536);
    const key_index copy = index;
    index.clear();
    for (std::size_t i = 0; i < hash_of.size(); ++i) {
        const auto find = [&](const key_index& in) {
            return in.find(hash_of[i], [&](std::uint32_t n) { return n == i; });
        };
        if (find(copy) != (hash_of[i] == 0 ? key_index::none : i)) ++wrong;
        if (find(index) != key_index::none) ++wrong;
    }
    CHECK(wrong == 0);
}
