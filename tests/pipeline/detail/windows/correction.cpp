#include <millrace/pipeline/detail/windows/correction.hpp>

#include <stdexcept>
#include <string>

#include <millrace/analyzers/sum.hpp>
#include <millrace/operators/key_by.hpp>

#include "catch.hpp"

using namespace millrace;

namespace {

struct change_of {
    int key;
    double value;
};

struct positive : sum<&change_of::value> {
    void update(const change_of& one) {
        if (one.value < 0) throw std::domain_error{"negative"};
        sum::update(one);
    }
};

struct node {
    std::string seen{};
    bool throws = false;

    void push(const change_of& one, event_stamp) { seen += "+" + std::to_string(one.key); }
    void remove(const change_of& one, event_stamp) {
        seen += "-" + std::to_string(one.key);
        if (throws) throw std::runtime_error{"no"};
    }
};

}  // namespace

TEST_CASE("an event stays in place where it keeps its key and was and is taken in") {
    const auto by = key_by("key", &change_of::key);
    const auto stays = [&](change_of before, change_of after) {
        return detail::stays_in_place<positive>(by, before, after);
    };
    CHECK(stays({1, 2}, {1, 3}));
    CHECK_FALSE(stays({1, 2}, {2, 2}));
    CHECK_FALSE(stays({1, -2}, {1, 3}));
    CHECK_FALSE(stays({1, 2}, {1, -3}));
}

TEST_CASE("where it does not, one goes and the other comes, whatever throws") {
    node in;
    detail::remove_and_push(in, change_of{1, 0}, change_of{2, 0}, {});
    CHECK(in.seen == "-1+2");
    in.throws = true;
    CHECK_THROWS_AS(detail::remove_and_push(in, change_of{3, 0}, change_of{4, 0}, {}),
                    std::runtime_error);
    CHECK(in.seen == "-1+2-3+4");
}
