#include <millrace/codec/detail/reply_limit.hpp>

#include "catch.hpp"

using namespace millrace;

TEST_CASE("so many errors are told, and beyond them only that the rest is lost") {
    const input_error plain{}, last{.unread_bytes = 9};
    detail::reply_limit two{2};
    REQUIRE(two.takes(plain));
    REQUIRE(two.takes(plain));
    REQUIRE_FALSE(two.takes(plain));
    REQUIRE(two.takes(last));
    REQUIRE_FALSE(two.takes(plain));

    detail::reply_limit none{0};
    REQUIRE_FALSE(none.takes(plain));
    REQUIRE(none.takes(last));

    detail::reply_limit one{1};
    REQUIRE(one.takes(last));
    REQUIRE_FALSE(one.takes(plain));
}
