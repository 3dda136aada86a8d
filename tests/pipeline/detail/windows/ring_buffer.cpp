#include <millrace/pipeline/detail/windows/ring_buffer.hpp>

#include <deque>
#include <random>
#include <string>

#include <millrace/core/archive.hpp>

#include "catch.hpp"

using namespace millrace;

TEST_CASE("a ring buffer does what a deque does") {
    const auto seed = test_seed();
    INFO("seed " << seed);
    std::mt19937 random{seed};
    detail::ring_buffer<std::string> ring;
    std::deque<std::string> model;
    for (int i = 0; i < 20'000; ++i) {
        const std::string item = std::to_string(i);
        switch (random() % 6) {
            case 0:
            case 1:
                ring.push_back(item);
                model.push_back(item);
                break;
            case 2: {
                const std::size_t at = random() % (model.size() + 1);
                CHECK(ring.insert(static_cast<std::uint32_t>(at), item) == item);
                model.insert(model.begin() + static_cast<std::ptrdiff_t>(at), item);
                break;
            }
            case 3:
                if (random() % 2000 == 0) {
                    ring.clear();
                    model.clear();
                }
                break;
            case 4:
                if (model.empty()) break;
                ring.pop_front();
                model.pop_front();
                break;
            default:
                if (model.empty() || random() % 2 == 0) break;
                ring.pop_back();
                model.pop_back();
        }
        REQUIRE(ring.size() == model.size());
        if (model.empty()) continue;
        REQUIRE(ring.front() == model.front());
        REQUIRE(ring.back() == model.back());
        const std::size_t at = random() % model.size();
        REQUIRE(ring[static_cast<std::uint32_t>(at)] == model[at]);
    }
    const std::string saved = save(ring);
    detail::ring_buffer<std::string> loaded;
    REQUIRE_FALSE(load(saved, loaded));
    CHECK(save(loaded) == saved);
}
