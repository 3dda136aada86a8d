#include <millrace/pipeline/detail/keys/index_group.hpp>

#include <cstdint>
#include <random>
#include <vector>

#include "catch.hpp"

using namespace millrace;

using detail::index_group;

TEST_CASE("a group says where a tag stands, and stays without gaps") {
    const auto seed = test_seed();
    INFO("seed " << seed);
    std::mt19937 random{seed};
    std::size_t wrong = 0;
    index_group group{};
    std::vector<std::uint32_t> tags;
    for (int i = 0; i < 20'000; ++i) {
        const auto tag = static_cast<std::uint32_t>(random() % 4) | index_group::in_use;
        if (tags.size() < index_group::size && random() % 3 != 0) {
            group.put(group.count(), tag, tag + 1);
            tags.push_back(tag);
        } else if (!tags.empty()) {
            const auto at = static_cast<unsigned>(random() % tags.size());
            group.remove(at);
            tags[at] = tags.back();
            tags.pop_back();
        }
        unsigned expected = 0;
        for (std::size_t at = 0; at < tags.size(); ++at)
            if (tags[at] == tag) expected |= 1U << at;
        if (group.places_of(tag) != expected) ++wrong;
        if (group.count() != tags.size() || group.is_full() != (tags.size() == index_group::size))
            ++wrong;
        for (std::size_t at = 0; at < tags.size(); ++at)
            if (group.numbers[at] != tags[at] + 1) ++wrong;
    }
    CHECK(wrong == 0);
}
