#include <millrace/core/key_text.hpp>

#include <cstdint>
#include <string>

#include <millrace/core/record.hpp>

#include "catch.hpp"

using namespace millrace;
using namespace millrace::detail;

TEST_CASE("a key is read from text only where the whole of it is one") {
    CHECK(key_from<std::string>("") == "");
    CHECK(key_from<int>("-12") == -12);
    CHECK(key_from<std::uint64_t>("18446744073709551615") == UINT64_MAX);
    CHECK(key_from<trigger>("late") == trigger::late);
    CHECK(key_from<bool>("true") == true);
    CHECK_FALSE(key_from<int>(""));
    CHECK_FALSE(key_from<int>("12x"));
    CHECK_FALSE(key_from<std::uint8_t>("256"));
    CHECK_FALSE(key_from<std::int8_t>("-129"));
    CHECK_FALSE(key_from<std::uint64_t>("-1"));
    CHECK_FALSE(key_from<trigger>("1"));
    CHECK_FALSE(key_from<bool>("1"));
    CHECK_FALSE(key_from<no_key>(""));
}

TEST_CASE("a key of several parts is read where each part is one, and there are as many") {
    using key = composite_key<std::string, int, trigger>;
    CHECK(key_from<key>("a/-7/late") == key{{"a", -7, trigger::late}});
    CHECK(key_from<key>("/0/late") == key{{"", 0, trigger::late}});
    CHECK(key_from<key>("~1~0/0/late") == key{{"/~", 0, trigger::late}});
    for (const char* wrong : {"", "a", "a/7", "a/7/late/", "a/b/late", "a/7/never", "~/7/late"}) {
        CAPTURE(wrong);
        CHECK_FALSE(key_from<key>(wrong));
    }
}
