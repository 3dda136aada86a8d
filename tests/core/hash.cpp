#include <millrace/core/hash.hpp>

#include <bit>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <unordered_set>
#include <vector>

#include "catch.hpp"

using namespace millrace;
using namespace millrace::detail;

namespace {

/// Pearson's statistic of the hashes over 1024 buckets taken from `shift`; its expectation is
/// 1023 and its standard deviation 45.
double chi_square(const std::vector<std::size_t>& hashes, int shift) {
    std::vector<double> buckets(1024);
    for (const std::size_t hash : hashes) ++buckets[hash >> shift & 1023];
    const double expected = static_cast<double>(hashes.size()) / 1024;
    double sum = 0;
    for (const double count : buckets) sum += (count - expected) * (count - expected) / expected;
    return sum;
}

void check_spread(const std::vector<std::size_t>& hashes) {
    for (const int shift : {0, 10, 32, 54}) {
        CAPTURE(shift);
        CHECK(chi_square(hashes, shift) < 1023 + 8 * 45);
    }
    CHECK(std::unordered_set<std::size_t>(hashes.begin(), hashes.end()).size() == hashes.size());
}

}  // namespace

TEST_CASE("key_hash spreads integers that lie in a row or in steps, by nearly every secret") {
    std::mt19937_64 random{6};
    for (const std::uint64_t step :
         {std::uint64_t{1}, std::uint64_t{1024}, std::uint64_t{1} << 32}) {
        std::map<int, int> uneven;  // secrets, by the shift
        for (int round = 0; round < 15; ++round) {
            const key_hash hash{{random(), random(), random(), random(), random()}};
            std::vector<std::size_t> hashes;
            for (std::uint64_t i = 0; i < 100'000; ++i) hashes.push_back(hash(i * step));
            for (const int shift : {0, 10, 32, 54})
                uneven[shift] += chi_square(hashes, shift) >= 1023 + 8 * 45 ? 1 : 0;
            REQUIRE(std::unordered_set<std::size_t>(hashes.begin(), hashes.end()).size() ==
                    hashes.size());
        }
        for (const auto& [shift, secrets] : uneven) {
            CAPTURE(step, shift);
            CHECK(secrets <= 3);
        }
    }
}

TEST_CASE("key_hash spreads names that differ in a few characters") {
    for (const std::string prefix : {"", "s", "sensor_", "a rather longer prefix of a key: "}) {
        std::vector<std::size_t> hashes;
        for (int i = 0; i < 200'000; ++i) hashes.push_back(key_hash{}(prefix + std::to_string(i)));
        check_spread(hashes);
    }
}

TEST_CASE("key_hash: every bit of a text reaches about half of the hash's bits") {
    const unsigned seed = 6;
    CAPTURE(seed);
    std::mt19937 random{seed};
    for (std::size_t size = 1; size <= 64; ++size) {
        double flips = 0;
        int trials = 0;
        for (int round = 0; round < 50; ++round) {
            std::string text(size, '\0');
            for (char& c : text) c = static_cast<char>(random());
            const std::size_t before = key_hash{}(text);
            for (std::size_t at = 0; at < size; ++at) {
                std::string changed = text;
                changed[at] = static_cast<char>(changed[at] ^ 1 << random() % 8);
                const std::size_t after = key_hash{}(changed);
                REQUIRE(after != before);
                flips += std::popcount(before ^ after);
                ++trials;
            }
        }
        CAPTURE(size);
        CHECK(flips / trials > 28);
        CHECK(flips / trials < 36);
    }
}

TEST_CASE("key_hash depends on the text alone, not on where it lies or on what is around") {
    const std::string text = "0123456789abcdefghijklmnopqrstuvwxyz";
    for (std::size_t size = 0; size <= text.size(); ++size) {
        const std::size_t expected = key_hash{}(std::string_view{text}.substr(0, size));
        for (std::size_t shift = 0; shift < 8; ++shift) {
            const std::string moved = std::string(shift, '#') + text.substr(0, size) + "####";
            CHECK(key_hash{}(std::string_view{moved}.substr(shift, size)) == expected);
        }
    }
    CHECK(key_hash{}(std::string{"abc"}) == key_hash{}(std::string_view{"abc"}));
    CHECK(key_hash{}(std::string(3, '\0')) != key_hash{}(std::string(4, '\0')));
}

TEST_CASE("key_hash depends on its secret, in every key of any length") {
    const key_hash one{detail::hash_secret::draw()}, other{detail::hash_secret::draw()};
    CHECK(one(7) != other(7));
    for (std::size_t size = 0; size < 70; ++size)
        CHECK(one(std::string(size, 'x')) != other(std::string(size, 'x')));
    CHECK(key_hash{}(7) == key_hash{}(7));
}

TEST_CASE("keys that collide under one secret do not under another") {
    // Words that make a factor of this secret's products 0, so that they forget the other.
    const detail::hash_secret known{1, 2, 3, 4, 5};
    std::vector<std::string> keys;
    for (std::uint64_t i = 0; i < 1000; ++i) {
        std::string key(reinterpret_cast<const char*>(&known.block), 8);
        key.append(reinterpret_cast<const char*>(&i), 8).append("0123456789abcdef");
        keys.push_back(std::move(key));
    }
    const auto different = [&](const key_hash& hash) {
        std::unordered_set<std::size_t> hashes;
        for (const auto& key : keys) hashes.insert(hash(key));
        return hashes.size();
    };
    CHECK(different(key_hash{known}) == 1);
    CHECK(different(key_hash{}) == 1000);
}

TEST_CASE("key_equal compares across types") {
    CHECK(key_equal{}(std::string{"a"}, std::string_view{"a"}));
    CHECK_FALSE(key_equal{}(std::string{"a"}, std::string_view{"b"}));
    CHECK(key_equal{}(5, 5));
}

TEST_CASE("key_hash spreads keys of several parts, and sees where a part ends") {
    std::mt19937_64 random{11};
    const key_hash hash{{random(), random(), random(), random(), random()}};
    std::vector<std::size_t> hashes;
    for (int i = 0; i < 300; ++i) {
        for (int j = 0; j < 300; ++j)
            hashes.push_back(hash(composite_key<std::string, int>{{"S" + std::to_string(i), j}}));
    }
    check_spread(hashes);
    hashes.clear();
    for (int i = 0; i < 300; ++i) {
        for (int j = 0; j < 300; ++j) hashes.push_back(hash(composite_key<int, int>{{i, j}}));
    }
    check_spread(hashes);
    using texts = composite_key<std::string_view, std::string_view>;
    CHECK(hash(texts{{"ab", "c"}}) != hash(texts{{"a", "bc"}}));
    CHECK(hash(texts{{"a", "b"}}) != hash(texts{{"b", "a"}}));
    CHECK(hash(texts{{"a", "a"}}) != hash(texts{{"b", "b"}}));
    CHECK(hash(texts{{"ab", "c"}}) ==
          hash(composite_key<std::string, std::string>{texts{{"ab", "c"}}}));
}
