#include <millrace/core/composite_key.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>

#include <millrace/core/archive.hpp>

#include "catch.hpp"

using namespace millrace;

namespace {

using seen = composite_key<std::string_view, int>;
using kept = composite_key<std::string, int>;
using strings = std::vector<std::string>;

std::string escaped(std::string part) {
    std::string text = "~/";  // which is left as it is
    detail::escape_part(text += part, 2);
    return text.substr(2);
}

}  // namespace

TEST_CASE("a composite key has the order of its parts") {
    const kept first{{"XETR", 9}}, second{{"XETR", 10}}, third{{"XNAS", 1}};
    CHECK(first < second);
    CHECK(second < third);
    CHECK(first != second);
    CHECK(first == kept{{"XETR", 9}});
}

TEST_CASE("a composite key of views is the same as the one that owns the text") {
    const seen view{{"XETR", 9}};
    const kept own{view};
    CHECK(own == view);
    CHECK(view == own);
    CHECK(own != seen{{"XETR", 8}});
    CHECK(std::get<0>(own.parts).data() != std::get<0>(view.parts).data());
}

TEST_CASE("a composite key comes back from an archive") {
    kept saved{{"XETR", -9}}, loaded;
    const std::string bytes = save(saved);
    input_archive in{bytes};
    in(loaded);
    CHECK(in.ok());
    CHECK(loaded == saved);
    input_archive cut{std::string_view{bytes}.substr(1)};
    cut(loaded);
    CHECK_FALSE(cut.ok());
}

TEST_CASE("a part is escaped as in RFC 6901, section 3, and no other character is") {
    CHECK(escaped("a/b") == "a~1b");
    CHECK(escaped("m~n") == "m~0n");
    CHECK(escaped("~1") == "~01");
    CHECK(escaped("//~~") == "~1~1~0~0");
    CHECK(escaped("") == "");
    CHECK(escaped(" %\"\\ü\x01") == " %\"\\ü\x01");
}

TEST_CASE("a text is cut into parts at its slashes") {
    CHECK(detail::parts_from("") == strings{""});
    CHECK(detail::parts_from("/") == strings{"", ""});
    CHECK(detail::parts_from("a/b/c") == strings{"a", "b", "c"});
    CHECK(detail::parts_from("a~1b/~0~01") == strings{"a/b", "~~1"});
    for (const char* wrong : {"~", "a~", "~2", "a/~x", "~/a", "a~ 1"}) {
        CAPTURE(wrong);
        CHECK(detail::parts_from(wrong).empty());
    }
}
