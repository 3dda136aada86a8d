#include <millrace/pipeline/running_state.hpp>

#include <string>
#include <vector>

#include <millrace/analyzers/sum.hpp>
#include <millrace/core/archive.hpp>
#include <millrace/operators/operator.hpp>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;

namespace {

using state = detail::running_state<std::string, sum<&trade::price>>;

struct fed {
    state running;
    std::vector<double> sums{};
    detail::ignore_event ignore{};

    void push(std::string_view key, double price, int ms) {
        auto emit = [this](const state::record_type& row) { sums.push_back(at<"sum">(row)); };
        running.push(key, at_ms(ms), trade{key, price, 1, at_ms(ms)}, emit, ignore);
    }
};

}  // namespace

TEST_CASE("each event gives its key's result so far") {
    fed keys{state{{}}};
    keys.push("a", 1, 5);
    keys.push("b", 10, 6);
    keys.push("a", 2, 4);
    CHECK(keys.sums == std::vector{1.0, 10.0, 3.0});
    CHECK(keys.running.watermark() == at_ms(6));
}

TEST_CASE("a key beyond the limit is refused and counted") {
    fed keys{state{{.key_limit = 1}}};
    keys.push("a", 1, 0);
    keys.push("b", 1, 0);
    keys.push("a", 1, 0);
    CHECK(keys.sums == std::vector{1.0, 2.0});
    pipeline_stats stats;
    keys.running.collect(stats);
    CHECK(stats.refused_keys == 1);
    CHECK(stats.keys == 1);
}

TEST_CASE("a loaded state goes on where the saved one was") {
    fed keys{state{{}}};
    keys.push("a", 1, 0);
    fed loaded{state{{}}};
    REQUIRE_FALSE(load(save(keys.running), loaded.running));
    loaded.push("a", 2, 1);
    CHECK(loaded.sums == std::vector{3.0});
}
