#include <millrace/operators/operator.hpp>

#include <vector>

#include "catch.hpp"

namespace {

struct twice : millrace::stage {
    template <class Event>
    using output = Event;
    template <class Event>
    static consteval void require() {}
    template <class Event, class Emit>
    void apply(const Event& event, Emit&& emit) {
        emit(event);
        emit(event);
    }
};

struct no_stage {
    template <class Event>
    using output = Event;
    template <class Event>
    static consteval void require() {}
    template <class Event, class Emit>
    void apply(const Event&, Emit&&) {}
};

}  // namespace

TEST_CASE("the documented members make an operator") {
    STATIC_REQUIRE(millrace::stream_operator<twice, int>);
    STATIC_REQUIRE_FALSE(millrace::stream_operator<no_stage, int>);

    std::vector<int> out;
    twice{}.apply(7, [&](int each) { out.push_back(each); });
    CHECK(out == std::vector{7, 7});
}
