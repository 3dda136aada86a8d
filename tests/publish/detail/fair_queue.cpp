#include <millrace/publish/detail/fair_queue.hpp>

#include <optional>
#include <vector>

#include "catch.hpp"

using namespace millrace;

namespace {

struct served {
    detail::fair_queue queue{};
    std::vector<std::string> order{};
    std::function<void()> end{};
    detail::fair_queue::charge charge{};

    bool ask(const std::string& client, std::size_t cost = 1, std::size_t max_cost = 100) {
        return queue.post(client, cost, max_cost, [this, client](auto ended, auto charged) {
            order.push_back(client);
            end = std::move(ended);
            charge = std::move(charged);
        });
    }
    void finish() {
        const auto ended = std::exchange(end, nullptr);
        charge.reset();
        ended();
    }
    void finish_all() {
        while (end) finish();
    }
};

using names = std::vector<std::string>;

}  // namespace

TEST_CASE("clients take turns, whatever they have asked for") {
    served s;
    for (int i = 0; i < 4; ++i) REQUIRE(s.ask("greedy"));
    REQUIRE(s.ask("modest"));
    REQUIRE(s.ask("other"));
    REQUIRE(s.order == names{"greedy"});
    s.finish();
    REQUIRE(s.order.back() == "modest");
    REQUIRE(s.ask("modest"));
    REQUIRE(s.ask(""));
    s.finish_all();
    REQUIRE(s.order ==
            names{"greedy", "modest", "other", "greedy", "", "modest", "greedy", "greedy"});
}

TEST_CASE("who asks too much is refused, and nobody else; one job is always taken") {
    served s;
    REQUIRE(s.ask("greedy", 60));
    REQUIRE(s.ask("greedy", 40));
    REQUIRE_FALSE(s.ask("greedy", 1));
    REQUIRE(s.ask("huge", 1000));
    REQUIRE_FALSE(s.ask("huge", 1));
    REQUIRE(s.ask("modest", 1));
    s.finish();
    REQUIRE(s.ask("greedy", 60));
    REQUIRE_FALSE(s.ask("greedy", 1));
    s.finish_all();
    REQUIRE(s.order.size() == 5);
    REQUIRE(s.ask("greedy", 100));
}

TEST_CASE("a job costs its client as long as what it brought is kept, also behind its end") {
    served s;
    REQUIRE(s.ask("a", 100));
    const auto kept = std::exchange(s.charge, nullptr);
    std::exchange(s.end, nullptr)();
    REQUIRE(s.ask("b", 100));
    s.finish();
    REQUIRE_FALSE(s.ask("a", 1));
    std::optional copy{kept};
    const_cast<detail::fair_queue::charge&>(kept).reset();
    REQUIRE_FALSE(s.ask("a", 1));
    copy.reset();
    REQUIRE(s.ask("a", 1));
}

TEST_CASE("jobs that end at once are run in a loop, not one in the other, and then forgotten") {
    detail::fair_queue queue;
    std::function<void()> first;
    int depth = 0, deepest = 0, run = 0;
    REQUIRE(queue.post("a", 1, 1, [&](auto end, auto) { first = std::move(end); }));
    const auto at_once = [&](const std::function<void()>& end, const auto&) {
        deepest = std::max(deepest, ++depth);
        ++run;
        end();
        --depth;
    };
    for (int i = 0; i < 10'000; ++i) REQUIRE(queue.post("b" + std::to_string(i), 1, 1, at_once));
    first();
    REQUIRE(run == 10'000);
    REQUIRE(deepest == 1);
    for (int i = 0; i < 30'000; ++i) REQUIRE(queue.post("c" + std::to_string(i), 1, 1, at_once));
    REQUIRE(queue.clients() < 100);
}

TEST_CASE("a job may end, and be paid, when the queue is gone") {
    std::optional<served> s{std::in_place};
    REQUIRE(s->ask("a"));
    REQUIRE(s->ask("b"));
    const auto end = s->end;
    const auto charge = s->charge;
    s.reset();
    end();
}
