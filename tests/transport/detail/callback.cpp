#include <millrace/transport/detail/callback.hpp>

#include <array>
#include <memory>
#include <utility>

#include <asio/error.hpp>

#include "catch.hpp"

using millrace::detail::callback;

TEMPLATE_TEST_CASE_SIG("a callback passes the error on, and keeps what it holds until it goes", "",
                       ((std::size_t Bytes), Bytes), 1, 8, 200) {
    const auto held = std::make_shared<int>(0);
    std::error_code seen;
    {
        callback first{[held, &seen, owned = std::make_unique<int>(7),
                        ballast = std::array<char, Bytes>{}](std::error_code error) mutable {
            seen = error;
            *held += *owned + ballast[0];
        }};
        REQUIRE(first);
        callback second{std::move(first)};
        REQUIRE(!first);
        callback third;
        REQUIRE(!third);
        third = std::move(second);
        third = std::move(*&third);
        REQUIRE(held.use_count() == 2);
        third(asio::error::eof);
        third({});
        REQUIRE(*held == 14);
        REQUIRE(!seen);
        third = callback{[](std::error_code) {}};
        REQUIRE(held.use_count() == 1);
        third = callback{[held](std::error_code) {}};
    }
    REQUIRE(held.use_count() == 1);
}

TEST_CASE("a callback may take nothing, and then is not told of the error") {
    int calls = 0;
    callback f{[&calls, owned = std::make_unique<int>(1)] { calls += *owned; }};
    f({});
    f(asio::error::eof);
    REQUIRE(calls == 2);
}
