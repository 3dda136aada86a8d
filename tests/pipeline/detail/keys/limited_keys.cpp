#include <millrace/pipeline/detail/keys/limited_keys.hpp>

#include <algorithm>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include <millrace/core/archive.hpp>
#include <millrace/pipeline/pipeline_stats.hpp>

#include "catch.hpp"

using namespace millrace;

namespace {

struct slot {
    std::string key{};
    int value = 0;
    bool is_used = false;
    bool is_recent = false;

    template <class Archive>
    void archive(Archive& ar) {
        ar(key, value, is_recent);
    }
};
using table = detail::limited_keys<std::string, slot>;

table limited(std::size_t most, bool evicts) {
    return table{{.key_limit = most, .evicts = evicts}};
}

pipeline_stats counts_of(const table& of) {
    pipeline_stats all;
    of.collect(all);
    return all;
}

/// A ring of keys and a hand, which takes the first that was not seen again since it came by.
struct clock_of_keys {
    struct seen {
        std::string key;
        bool again;
    };
    std::size_t most;
    std::vector<seen> ring{};  // from the hand on
    std::vector<std::string> gone{};

    void see(const std::string& key) {
        const auto known = std::ranges::find(ring, key, &seen::key);
        if (known != ring.end()) {
            known->again = true;
            return;
        }
        ring.push_back({key, false});
        while (ring.size() > most) {
            const seen first = ring.front();
            ring.erase(ring.begin());
            if (first.key == key || first.again) {
                ring.push_back({first.key, false});
            } else {
                gone.push_back(first.key);
            }
        }
    }
};

}  // namespace

TEST_CASE("a further key is refused, and counted") {
    table keys = limited(2, false);
    REQUIRE(keys.find_or_add(std::string{"a"}) != nullptr);
    REQUIRE(keys.find_or_add(std::string{"b"}) != nullptr);
    CHECK(keys.find_or_add(std::string{"c"}) == nullptr);
    CHECK(keys.find_or_add(std::string{"a"}) != nullptr);
    const pipeline_stats counts = counts_of(keys);
    CHECK(counts.keys == 2);
    CHECK(counts.refused_keys == 1);
    CHECK(counts.evicted_keys == 0);
    CHECK(counts.state_bytes == keys.bytes());
}

TEST_CASE("keys go by second chance, as with a ring and a hand, also past a save") {
    const auto seed = test_seed();
    std::mt19937 random{seed};
    for (int round = 0; round < 200; ++round) {
        INFO("seed " << seed << " round " << round);
        const std::size_t most = 1 + random() % 8;
        clock_of_keys right{most};
        std::vector<std::string> gone;
        table keys = limited(most, true);
        for (int step = 0; step < 300; ++step) {
            const std::string key = std::to_string(random() % (2 * most + 1));
            right.see(key);
            slot* const found =
                keys.find_or_add(key, [&](const slot& each) { gone.push_back(each.key); });
            REQUIRE(found != nullptr);
            REQUIRE(found->key == key);
            found->value = step;
            REQUIRE(keys.size() == right.ring.size());
            if (random() % 50 == 0) {
                const std::string saved = save(keys);
                keys = limited(most, true);
                input_archive ar{saved};
                ar(keys);
                REQUIRE(ar.ok());
            }
        }
        REQUIRE(gone == right.gone);
        REQUIRE(counts_of(keys).evicted_keys == gone.size());
    }
}

TEST_CASE("a flood of keys that come once drives out none that came again") {
    table keys = limited(100, true);
    for (int i = 0; i < 10'000; ++i) {
        CHECK(keys.find_or_add("flood " + std::to_string(i)));
        CHECK(keys.find_or_add(std::to_string(i % 20)));
    }
    int kept = 0;
    for (int i = 0; i < 20; ++i) kept += keys.find(std::to_string(i)) != nullptr;
    CHECK(kept == 20);
    CHECK(counts_of(keys).evicted_keys == 10'000 + 20 - 100);
}

TEST_CASE("a key stays that comes again before too many others, whatever the order") {
    const auto seed = test_seed();
    std::mt19937 random{seed};
    for (int round = 0; round < 200; ++round) {
        INFO("seed " << seed << " round " << round);
        const std::size_t most = 2 + random() % 30;
        const std::size_t regulars = 1 + random() % (most - 1);
        table keys = limited(most, true);
        bool is_gone = false;
        const auto see = [&](const std::string& key) {
            CHECK(keys.find_or_add(
                key, [&](const slot& each) { is_gone = is_gone || each.key.starts_with("r"); }));
        };
        std::vector<std::size_t> since(regulars, most);  // strangers since it was seen
        for (int step = 0; step < 1000; ++step) {
            const auto most_due = std::ranges::max_element(since);
            if (*most_due + 1 >= most - regulars || random() % 2 == 0) {
                const auto one = random() % 2 == 0 || *most_due + 1 >= most - regulars
                                     ? static_cast<std::size_t>(most_due - since.begin())
                                     : random() % regulars;
                since[one] = 0;
                see("r" + std::to_string(one));
            } else {
                for (std::size_t& each : since) ++each;
                see(std::to_string(step));
            }
        }
        REQUIRE_FALSE(is_gone);
    }
}

TEST_CASE("an archive that is cut leaves a table that is empty and works") {
    table full = limited(3, true);
    for (const char* key : {"a", "b", "c", "d"}) CHECK(full.find_or_add(std::string{key}));
    const std::string saved = save(full);
    for (std::size_t size = 0; size < saved.size(); ++size) {
        table keys = limited(3, true);
        CHECK(keys.find_or_add(std::string{"x"}));
        input_archive ar{std::string_view{saved}.substr(0, size)};
        ar(keys);
        REQUIRE_FALSE(ar.ok());
        REQUIRE(keys.size() == 0);
        for (const char* key : {"a", "b", "c", "d"}) REQUIRE(keys.find_or_add(std::string{key}));
        REQUIRE(keys.size() == 3);
    }
}
