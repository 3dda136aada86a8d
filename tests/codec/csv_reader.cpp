#include <millrace/codec/csv_reader.hpp>

#include <random>

#include "catch.hpp"

using millrace::detail::csv_reader;
using rows = std::vector<std::vector<std::string>>;

namespace {

rows read(std::string_view text) {
    csv_reader reader{text};
    rows all;
    std::vector<std::string> cells;
    while (reader.next(cells)) all.push_back(cells);
    if (reader.is_broken()) all.push_back({"broken", std::to_string(reader.line())});
    return all;
}

}  // namespace

TEST_CASE("RFC 4180, section 2: lines of cells, some in quotation marks") {
    CHECK(read("aaa,bbb,ccc\r\nzzz,yyy,xxx\r\n") ==
          rows{{"aaa", "bbb", "ccc"}, {"zzz", "yyy", "xxx"}});
    CHECK(read("aaa,bbb,ccc\nzzz,yyy,xxx") == rows{{"aaa", "bbb", "ccc"}, {"zzz", "yyy", "xxx"}});
    CHECK(read("\"aaa\",\"b\r\nbb\",\"ccc\"\r\nzzz,yyy,xxx") ==
          rows{{"aaa", "b\r\nbb", "ccc"}, {"zzz", "yyy", "xxx"}});
    CHECK(read("\"aaa\",\"b\"\"bb\",\"c,c\"") == rows{{"aaa", "b\"bb", "c,c"}});
    CHECK(read(" a , b \n") == rows{{" a ", " b "}});
    CHECK(read(",\n,,\n") == rows{{"", ""}, {"", "", ""}});
    CHECK(read("\"\"\n").at(0) == std::vector<std::string>{""});
    CHECK(read("\xEF\xBB\xBF"
               "a\n\n\r\nb\n") == rows{{"a"}, {"b"}});
    CHECK(read("").empty());
    CHECK(read("a\"b,c\n") == rows{{"a\"b", "c"}});
}

TEST_CASE("what is not closed, or goes on behind its end, is said with its line") {
    CHECK(read("a\n\"b\nc") == rows{{"a"}, {"broken", "2"}});
    CHECK(read("a\n\"b\nc\"\nd,\"e\"f\n") == rows{{"a"}, {"b\nc"}, {"broken", "4"}});
}

TEST_CASE("what is written as CSV is read as it was") {
    const unsigned seed = test_seed();
    CAPTURE(seed);
    std::mt19937 random{seed};
    for (int run = 0; run < 500; ++run) {
        rows all;
        std::string text;
        const std::size_t width = 1 + random() % 3;
        for (std::size_t i = random() % 5; i > 0; --i) {
            all.emplace_back();
            for (std::size_t j = 0; j < width; ++j) {
                std::string cell;
                for (std::size_t k = random() % 6; k > 0; --k) cell += "ab,\"\n\r"[random() % 6];
                std::string quoted = "\"";
                for (const char c : cell) quoted += c == '"' ? "\"\"" : std::string(1, c);
                text += (j > 0 ? "," : "") + quoted + "\"";
                all.back().push_back(cell);
            }
            text += random() % 2 == 0 ? "\n" : "\r\n";
        }
        REQUIRE(read(text) == all);
    }
}
