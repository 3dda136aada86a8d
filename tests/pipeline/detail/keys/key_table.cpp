#include <millrace/pipeline/detail/keys/key_table.hpp>

#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <millrace/core/archive.hpp>

#include "catch.hpp"

using namespace millrace;

namespace {

struct slot {
    std::string key;
    int value = 0;

    template <class Archive>
    void archive(Archive& ar) {
        ar(key, value);
    }
};

struct whole {
    no_key key;
    int value = 0;

    template <class Archive>
    void archive(Archive& ar) {
        ar(key, value);
    }
};

using table = detail::key_table<std::string, slot>;

template <class Key>
struct recycled {
    Key key{};
    std::vector<int> list{};
    int value = 0;

    void recycle() noexcept { detail::recycle_slot(*this, &recycled::list); }
};

}  // namespace

TEST_CASE("a table of keys holds what a map holds") {
    const auto seed = test_seed();
    INFO("seed " << seed);
    std::mt19937 random{seed};
    table keys;
    std::map<std::string, int> expected;
    for (int i = 0; i < 5000; ++i) {
        const std::string key = "k" + std::to_string(random() % 200);
        slot* found = keys.find(std::string_view{key});
        REQUIRE((found != nullptr) == expected.contains(key));
        if (found == nullptr) {
            slot& added = keys.add(std::string_view{key});
            REQUIRE(added.value == 0);
            added.value = expected[key] = i;
        } else if (random() % 2 == 0) {
            keys.erase(*found);
            expected.erase(key);
        }
    }
    REQUIRE(keys.size() == expected.size());
    std::map<std::string, int> held;
    keys.for_each([&](const slot& each) { held[each.key] = each.value; });
    CHECK(held == expected);
}

TEST_CASE("a number finds its slot as long as that is in use, whatever comes and goes") {
    table keys;
    const std::uint32_t number = keys.number_of(keys.add(std::string_view{"a"}));
    for (int i = 0; i < 100; ++i) keys.add(std::to_string(i));
    for (int i = 0; i < 50; ++i) keys.erase(*keys.find(std::to_string(i)));
    CHECK(keys[number].key == "a");
    CHECK(keys.find(std::string_view{"a"}) == &keys[number]);
}

TEST_CASE("a table survives an archive with its numbers, and a damaged one is refused") {
    table keys;
    for (const char* key : {"a", "b", "c"}) keys.add(std::string_view{key}).value = key[0];
    keys.erase(*keys.find(std::string_view{"b"}));
    const std::string saved = save(keys);

    table loaded;
    REQUIRE_FALSE(load(saved, loaded));
    CHECK(loaded.size() == 2);
    CHECK(loaded.find(std::string_view{"b"}) == nullptr);
    CHECK(loaded.find(std::string_view{"c"})->value == 'c');
    CHECK(loaded.number_of(*loaded.find(std::string_view{"c"})) ==
          keys.number_of(*keys.find(std::string_view{"c"})));

    std::string twice = saved;  // two slots of one key
    twice[twice.find('c')] = 'a';
    CHECK(load(twice, loaded) == errc::archive_corrupt);
    std::string beyond = saved;  // a free slot that is not there
    beyond[beyond.size() - 4] = 9;
    CHECK(load(beyond, loaded) == errc::archive_corrupt);
}

TEST_CASE("a table tells the bytes of its slots, and of keys that are too long for them") {
    table keys;
    keys.add(std::string_view{"short"});
    const std::size_t before = keys.bytes();
    CHECK(before >= sizeof(slot));
    slot& added = keys.add(std::string(100, 'x'));
    const std::size_t with_slot = keys.bytes();
    CHECK(with_slot >= before + 101);
    keys.erase(added);
    CHECK(keys.bytes() < with_slot - 90);  // a free slot is noted

    for (int i = 0; i < 1000; ++i) keys.add(std::string(100, 'x') + std::to_string(i));
    CHECK(keys.bytes() > 1000 * (sizeof(slot) + 101));
    table loaded;
    REQUIRE_FALSE(load(save(keys), loaded));
    CHECK(loaded.bytes() > 1000 * (sizeof(slot) + 101));
    keys.clear();
    CHECK(keys.bytes() < loaded.bytes() - 1000 * 101);
}

TEST_CASE("what was allocated for keys that did not come goes") {
    table keys;
    keys.expect(10'000);
    const std::size_t expecting = keys.bytes();
    CHECK(expecting > 10'000 * 8);
    keys.add(std::string_view{"a"});
    keys.clear();
    CHECK(keys.bytes() < expecting / 100);
    keys.expect(10'000);
    for (int i = 0; i < 9'000; ++i) keys.add(std::to_string(i));
    keys.clear();
    CHECK(keys.bytes() > expecting);
    CHECK(keys.find(std::string_view{"1"}) == nullptr);
}

TEST_CASE("without a key there is one slot") {
    detail::key_table<no_key, whole> keys;
    CHECK(keys.find(no_key{}) == nullptr);
    keys.add(no_key{}).value = 7;
    CHECK(keys.size() == 1);
    CHECK(keys.find(no_key{})->value == 7);

    detail::key_table<no_key, whole> loaded;
    REQUIRE_FALSE(load(save(keys), loaded));
    CHECK(loaded.find(no_key{})->value == 7);

    keys.erase(*keys.find(no_key{}));
    CHECK(keys.find(no_key{}) == nullptr);
    CHECK(keys.add(no_key{}).value == 0);
}

TEST_CASE(
    "a slot that is recycled is as new, and keeps what its list had allocated, if it is short") {
    const auto check = [](auto keys, const auto& key) {
        for (const std::size_t length : {3u, 100u}) {
            auto& added = keys.add(key);
            CHECK(added.list.empty());
            CHECK(added.value == 0);
            added.list.assign(length, 7);
            added.value = 1;
            const auto* const kept = added.list.data();
            keys.erase(added);
            CHECK(keys.find(key) == nullptr);
            auto& again = keys.add(key);
            CHECK(again.list.empty());
            CHECK(again.value == 0);
            CHECK((again.list.data() == kept) == (length == 3));
            keys.erase(again);
        }
    };
    check(detail::key_table<std::string, recycled<std::string>>{}, std::string_view{"a"});
    check(detail::key_table<no_key, recycled<no_key>>{}, no_key{});
}
