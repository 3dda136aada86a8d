#include <millrace/core/detail/at_exit.hpp>

#include <stdexcept>

#include "catch.hpp"

TEST_CASE("what is to be done at the end of a scope is done however it is left") {
    int done = 0;
    {
        const millrace::detail::at_exit first{[&] { ++done; }};
        CHECK(done == 0);
    }
    CHECK(done == 1);
    const auto leave = [&] {
        const millrace::detail::at_exit second{[&] { ++done; }};
        throw std::runtime_error{"left"};
    };
    CHECK_THROWS_AS(leave(), std::runtime_error);
    CHECK(done == 2);
}
