#include <millrace/pipeline/key_index.hpp>

#include <map>
#include <random>

#include "catch.hpp"

using millrace::detail::key_index;

TEST_CASE("an index finds what a map finds, however the hashes lie") {
    const auto seed = test_seed();
    INFO("seed " << seed);
    std::mt19937 random{seed};
    const std::size_t hashes = GENERATE(as<std::size_t>{}, 1, 7, 1 << 20);
    key_index index;
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
    CHECK(index.buckets() == 32'768);
    CHECK(index.find(42, [](std::uint32_t n) { return n == 8'999; }) == 8'999);
}
