#include <millrace/pipeline/topology.hpp>

#include <string>

#include "catch.hpp"

using namespace millrace;

namespace {

/// Two sources that meet, and a name that would break each form.
topology joined() {
    const topology::stream quotes{"quote", {{"price", "float64"}}, "symbol", "shared"};
    topology made;
    made.stages = {
        {"1_from",
         "from",
         "from",
         {{"name", "trades"}},
         {"trade", {{"size", "int64"}}, "", "shared"}},
        {"2_from", "from", "from", {{"name", "a \"#\n<b>"}}, quotes},
        {"3_join", "join", "stage", {{"within", "5s"}, {"max_rows", "7", true, true}}, quotes}};
    made.edges = {{0, 2}, {1, 2}};
    return made;
}

}  // namespace

TEST_CASE("inputs are said where they are not the stage before") {
    CHECK(joined().text() ==
          "1_from: name trades -> trade {size int64}\n"
          "2_from: name \"a \\\"#\\n<b>\" -> quote by symbol {price float64}\n"
          "3_join <- 1_from, 2_from: within 5s; max_rows 7 -> quote by symbol {price float64}\n");
}

TEST_CASE("nothing in a label of a flowchart means anything to Mermaid") {
    CHECK(joined().mermaid() ==
          "flowchart LR\n"
          "    s1[\"from<br>name trades\"]\n"
          "    s2[\"from<br>name a #34;#35; #60;b#62;\"]\n"
          "    s3[\"join<br>within 5s\"]\n"
          "    s1 -->|\"trade\"| s3\n"
          "    s2 -->|\"quote by symbol\"| s3\n");
}

TEST_CASE("a topology as JSON, and one of nothing") {
    const std::string json = joined().json();
    CHECK(json.find(R"("settings":{"name":"a \"#\n<b>"},"tunable":{})") != std::string::npos);
    CHECK(json.find(R"("settings":{"within":"5s"},"tunable":{"max_rows":7})") != std::string::npos);
    CHECK(json.ends_with(R"("edges":[{"from":"1_from","to":"3_join"},)"
                         R"({"from":"2_from","to":"3_join"}]})"));
    CHECK(topology{}.json().ends_with(R"(,"stages":[],"edges":[]})"));
    CHECK(topology{}.text().empty());
    CHECK(topology{}.mermaid() == "flowchart LR\n");
}

TEST_CASE("the hash is FNV-1a, as published") {
    const auto of_bytes = [](std::string_view bytes) {
        std::uint64_t state = 14695981039346656037u;
        for (const char c : bytes) state = (state ^ static_cast<unsigned char>(c)) * 1099511628211u;
        return state;
    };
    CHECK(of_bytes("foobar") == 0x85944171f73967e8u);  // a vector of its authors
    detail::stable_hash hash;
    CHECK(hash.value() == of_bytes(""));
    hash.add("a\xFF");
    hash.add(std::uint64_t{0x0102});
    using namespace std::string_view_literals;
    CHECK(hash.value() == of_bytes("\2\0\0\0\0\0\0\0a\xFF\2\1\0\0\0\0\0\0"sv));
    CHECK(detail::hexadecimal(0xABCu) == "0000000000000abc");
}

TEST_CASE("each part that decides what comes out is in the fingerprint") {
    const auto differs = [](auto change) {
        topology changed = joined();
        change(changed);
        return changed.fingerprint() != joined().fingerprint();
    };
    CHECK(differs([](topology& t) { t.stages[2].identity = "merge"; }));
    CHECK(differs([](topology& t) { t.stages[2].settings[0].value = "6s"; }));
    CHECK(differs([](topology& t) { t.stages[2].settings[0].name = "without"; }));
    CHECK(differs([](topology& t) { t.stages[2].settings[0].is_tunable = true; }));
    CHECK(differs([](topology& t) { t.stages[1].output.key = "id"; }));
    CHECK(differs([](topology& t) { t.stages[1].output.time = "none"; }));
    CHECK(differs([](topology& t) { t.stages[1].output.is_updating = true; }));
    CHECK(differs([](topology& t) { t.stages[1].output.fields[0].name = "bid"; }));
    CHECK(differs([](topology& t) { t.stages[1].output.fields[0].type = "float32"; }));
    CHECK(differs([](topology& t) { t.edges.pop_back(); }));
    CHECK(differs([](topology& t) { t.edges[1].to = 0; }));
    CHECK_FALSE(differs([](topology& t) { t.stages[2].name = "other"; }));
    CHECK_FALSE(differs([](topology& t) { t.stages[2].settings[1].value = "8"; }));
    CHECK_FALSE(differs([](topology& t) { t.stages[1].output.event = "renamed"; }));
}
