#include <millrace/endpoint/detail/logs/escaped.hpp>

#include <string>

#include "catch.hpp"

TEST_CASE("bytes that are not plain are written by their number, others as they are") {
    std::string out = "<";
    millrace::detail::append_escaped(out, "a\xff\x01z\\x",
                                     [](unsigned char byte) { return byte >= 'a' && byte <= 'z'; });
    REQUIRE(out == "<a\\xff\\x01z\\x5cx");
}
