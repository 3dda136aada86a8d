#include <millrace/pipeline/detail/graph/running_state.hpp>

#include <memory>
#include <stdexcept>
#include <string>

#include <millrace/pipeline/sink.hpp>
#include <millrace/pipeline/union_of.hpp>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;

namespace {

template <class Pipeline>
using state_of = detail::running_state<Pipeline, detail::callable_sink<detail::ignore_records>,
                                       system_clock, null_journal>;

template <class Pipeline>
auto make_state(const Pipeline& of) {
    return std::make_unique<state_of<Pipeline>>(
        of, detail::callable_sink<detail::ignore_records>{{}}, system_clock{}, null_journal{});
}

}  // namespace

TEST_CASE("sources have names of their own") {
    const auto all = make_state(union_of(from<trade>("a"), from<trade>("b")));
    std::string names;
    all->for_each_source([&](const auto& each) { names += each.name; });
    CHECK(names == "ab");
    CHECK_THROWS_AS(make_state(union_of(from<trade>("a"), from<trade>("a"))),
                    std::invalid_argument);
}

TEST_CASE("one event at a time is in hand") {
    const auto all = make_state(pipeline<decltype(from<trade>("a"))>{from<trade>("a"), {}});
    using busy = decltype(all)::element_type::busy;
    {
        const busy guard{*all};
        CHECK_THROWS_AS(busy{*all}, std::logic_error);
    }
    CHECK_NOTHROW(busy{*all});
    using decoding = decltype(all)::element_type::decoding;
    {
        const decoding guard{*all};
        CHECK_THROWS_AS(decoding{*all}, std::logic_error);
        const busy of_its_event{*all};
    }
    {
        const busy guard{*all};
        CHECK_THROWS_AS(decoding{*all}, std::logic_error);
        CHECK_NOTHROW(all->require_whole());
    }
    CHECK_NOTHROW(decoding{*all});
}

TEST_CASE("what holds half of a state is refused from then on") {
    const auto all = make_state(pipeline<decltype(from<trade>("a"))>{from<trade>("a"), {}});
    using busy = decltype(all)::element_type::busy;
    {
        busy guard{*all};
        guard.leave_broken(true);
        guard.leave_broken(false);
    }
    {
        busy guard{*all};
        guard.leave_broken(true);
    }
    CHECK_THROWS_AS(busy{*all}, std::logic_error);
    CHECK_THROWS_AS(all->require_whole(), std::logic_error);
}
