#include <millrace/pipeline/answer_to.hpp>

#include <thread>
#include <vector>

#include "catch.hpp"

using namespace millrace;
using box_of_ints = detail::answer_box<int>;

namespace {

std::vector<box_of_ints::entry> taken_from(box_of_ints& box) {
    std::vector<box_of_ints::entry> all;
    box.take(all);
    return all;
}

}  // namespace

TEST_CASE("the first answer counts, of whatever copy and thread") {
    const auto box = std::make_shared<box_of_ints>(std::make_shared<detail::wake_up>());
    {
        const answer_to<int> to{box, 7};
        std::vector<std::thread> threads;
        for (int i = 0; i < 3; ++i) threads.emplace_back([to, i] { to(i); });
        for (auto& each : threads) each.join();
        to(std::nullopt);
    }
    const auto all = taken_from(*box);
    REQUIRE(all.size() == 1);
    CHECK(all[0].question == 7);
    REQUIRE(all[0].answer);
    CHECK((*all[0].answer >= 0 && *all[0].answer < 3));
    CHECK(taken_from(*box).empty());
}

TEST_CASE("a question whose copies are all gone has no answer") {
    const auto box = std::make_shared<box_of_ints>(std::make_shared<detail::wake_up>());
    auto to = std::make_unique<answer_to<int>>(box, 1);
    auto copy = *to;
    to.reset();
    CHECK(taken_from(*box).empty());
    copy = answer_to<int>{box, 2};
    const auto all = taken_from(*box);
    REQUIRE(all.size() == 1);
    CHECK(all[0].question == 1);
    CHECK_FALSE(all[0].answer);
}

TEST_CASE("who drives the pipeline is told once of all that was not taken") {
    const auto driver = std::make_shared<detail::wake_up>();
    const auto box = std::make_shared<box_of_ints>(driver);
    int told = 0;
    driver->set([&] { ++told; });
    for (int i = 0; i < 3; ++i) answer_to<int>{box, static_cast<std::uint64_t>(i)}(i);
    CHECK(told == 1);
    CHECK(driver->take_news());
    CHECK_FALSE(driver->take_news());
    CHECK(taken_from(*box).size() == 3);
    driver->set(nullptr);
    answer_to<int>{box, 3}(3);
    CHECK(told == 1);
}
