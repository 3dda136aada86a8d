#include <millrace/endpoint/detail/loops/loop_thread.hpp>

#include <stdexcept>
#include <string_view>

#include <asio/post.hpp>

#include "catch.hpp"

using millrace::detail::loop_thread;

TEST_CASE("a loop's thread outlives what its handlers throw, and ends behind all of them") {
    int done = 0, thrown = 0;
    {
        loop_thread thread;
        thread.start([&](std::string_view what) { thrown += what == "of a handler" ? 1 : 10; });
        asio::post(thread.io, [&] {
            ++done;
            throw std::runtime_error{"of a handler"};
        });
        asio::post(thread.io, [&] { throw 7; });
        asio::post(thread.io, [&] { asio::post(thread.io, [&] { ++done; }); });
    }
    REQUIRE(done == 2);
    REQUIRE(thrown == 11);
}

TEST_CASE("one that was never started ends as well") { loop_thread thread; }
