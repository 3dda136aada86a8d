#include <millrace/core/detail/counter.hpp>

#include <thread>

#include "catch.hpp"

using namespace millrace;

TEST_CASE("a counter counts like a number") {
    detail::counter c;
    REQUIRE(c == 0u);
    ++c;
    c += 10;
    --c;
    REQUIRE(c == 10u);
    c = 3;
    REQUIRE(c == 3u);
}

TEST_CASE("another thread sees a counter grow and never shrink") {
    detail::counter c;
    std::thread counting{[&] {
        for (int i = 0; i < 100'000; ++i) ++c;
    }};
    std::uint64_t last = 0;
    bool is_sane = true;
    while (last != 100'000) {
        const std::uint64_t now = c;
        is_sane = is_sane && now >= last;
        last = now;
    }
    counting.join();
    REQUIRE(is_sane);
}
