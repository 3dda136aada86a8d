#include <millrace/pipeline/stage_description.hpp>

#include <string>

#include <millrace/analyzers/count.hpp>
#include <millrace/analyzers/ewma_zscore.hpp>
#include <millrace/analyzers/mean.hpp>
#include <millrace/analyzers/ohlc.hpp>
#include <millrace/storage/memory.hpp>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

struct largest {
    void update(const trade&) {}
};

template <class Analyzer>
std::string text_of() {
    topology::stage made;
    stage_description{made}.analyzer<Analyzer>();
    return made.settings.front().value;
}

}  // namespace

TEST_CASE("what a stage tells of itself") {
    topology::stage made;
    stage_description to{made};
    to.setting("size", 1500ms);
    to.setting("threshold", 0.5);
    to.setting("late", "dropped");
    to.setting("why", trigger::late);
    to.setting("offset", 0s, 0s);
    to.tunable("max_keys", std::size_t{7}, std::size_t{8});
    to.tunable("is_open", true);
    to.projection("by", &trade::price);
    to.storage<memory_storage>(memory_options{.capacity = 3});
    to.storage<null_storage>(null_options{});
    std::string said;
    for (const auto& each : made.settings)
        said += each.name + "=" + each.value + (each.is_number ? "#" : "") +
                (each.is_tunable ? "*" : "") + " ";
    CHECK(said ==
          "size=1s500ms threshold=0.5# late=dropped why=late max_keys=7#* is_open=true#* by=price "
          "storage=memory_storage* capacity=3#* ");
}

TEST_CASE("an analyzer is said with what it looks at and how it is set") {
    CHECK(text_of<count>() == "count");
    CHECK(text_of<largest>() == "largest");
    CHECK(text_of<ohlc<&trade::price, &trade::size>>() == "ohlc(price, size)");
    CHECK(text_of<summary<count, named<"low", mean<&trade::price>>>>() ==
          "summary(count, low(mean(price)))");
    CHECK(text_of<ewma_zscore<&trade::price>>() ==
          "ewma_zscore(price, alpha 0.05, threshold 3, warm_up 24, min_stddev 0)");
}
