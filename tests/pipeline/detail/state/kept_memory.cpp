#include <millrace/pipeline/detail/state/kept_memory.hpp>

#include <utility>
#include <vector>

#include "catch.hpp"
#include "counted_new.hpp"
#include "trade.hpp"

using namespace millrace;

TEST_CASE("where as many events go as come, nothing is allocated for their texts") {
    detail::kept_memory<trade> memory{1 << 20};
    std::vector<detail::kept_event<trade>> kept;
    const std::string_view texts[]{"a long enough symbol", "another", "a third one here"};
    for (int i = 0; i < 10; ++i) kept.push_back(memory.keep({texts[0], 1, 1, {}}));
    for (auto& each : kept) memory.give_back(std::move(each));
    CHECK(memory.bytes() >= 10 * texts[0].size());
    const std::size_t before = allocation_count;
    bool is_right = true;
    for (int i = 0; i < 1000; ++i) {
        auto one = memory.keep({texts[i % 3], 1, 1, {}});
        is_right = is_right && one.value().symbol == texts[i % 3];
        memory.give_back(std::move(one));
    }
    const std::size_t allocations = allocation_count - before;
    CHECK(is_right);
    CHECK(allocations == 0);
}
