#include <millrace/pipeline/detail/windows/late_output.hpp>

#include "../../fed.hpp"

using namespace millrace;
using namespace std::chrono_literals;

TEST_CASE("late events go to a topic, to a function, or nowhere") {
    int called = 0;
    fed topic{counts(from<trade>("t"), tumbling{1s}, late_to("late"))};
    fed function{counts(from<trade>("t"), tumbling{1s}, late_to([&](const trade&) { ++called; }))};
    fed nowhere{counts(from<trade>("t"), tumbling{1s}, drop_late)};
    const auto feed = [](auto& keys) {
        keys.push("a", 5000);
        keys.push("a", 3999);
        CHECK(keys.stats().late == 1);
    };
    feed(topic);
    feed(function);
    feed(nowhere);
    CHECK(topic.out == strings{"late a 3999"});
    CHECK(called == 1);
    CHECK(function.out.empty());
    CHECK(nowhere.out.empty());
}
