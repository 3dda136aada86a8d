#include <millrace/publish/topic_sink.hpp>

#include <memory>
#include <string>

#include <millrace/core/composite_key.hpp>
#include <millrace/core/record.hpp>
#include <millrace/pipeline/sink.hpp>

#include "catch.hpp"
#include "listener.hpp"

using namespace millrace;

namespace {

using row = record<std::string, named_value<"value", double>>;

struct numbered {
    int id = 0;
};

struct publishing {
    std::shared_ptr<topic_list> topics = std::make_shared<topic_list>();
    topic_sink sink{topics, {}};
};

const auto by_symbol = key_by("symbol", [](const row& r) { return r.key; });

row row_of(std::string key) {
    row r;
    r.key = std::move(key);
    return r;
}

}  // namespace

template <>
inline constexpr auto millrace::schema<numbered> = millrace::fields(millrace::field{"id",
                                                                                    &numbered::id});

static_assert(publish_sink<topic_sink>);

TEST_CASE("a record is given as one JSON object, with the key under its name") {
    publishing p;
    auto channel = p.sink.open<row>("bars", by_symbol);
    REQUIRE(p.topics->size() == 1);
    listener all, acme;
    const auto one = (*p.topics)[0]->subscribe(all, {}),
               two = (*p.topics)[0]->subscribe(acme, "acme");
    channel(row_of("acme"));
    channel(row_of("initech"));
    REQUIRE(all.got.size() == 2);
    REQUIRE(acme.got.size() == 1);
    std::string expected;
    json::encoder<row>{"symbol"}.encode(row_of("acme"), expected);
    REQUIRE(expected.starts_with(R"({"symbol":"acme")"));
    REQUIRE(all.got[0] == expected);
}

TEST_CASE("events are followed by the key that the stream has, and conflated by it") {
    publishing p;
    p.sink = {p.topics, {overflow_policy::conflate}};
    auto channel = p.sink.open<numbered>("ticks", key_by(&numbered::id));
    listener all, seven;
    topic& ticks = *p.topics->at(0);
    const auto one = ticks.subscribe(all, {}), two = ticks.subscribe(seven, "007"),
               none = ticks.subscribe(seven, "seven");
    channel({7});
    channel({8});
    channel({7});
    REQUIRE(ticks.key_name() == "id");
    REQUIRE(all.got.size() == 3);
    REQUIRE(seven.got.size() == 2);
    REQUIRE(all.subjects[0] != all.subjects[1]);
    REQUIRE(all.subjects[0] == all.subjects[2]);
}

TEST_CASE("records by a key of several parts are followed by all of them") {
    using parts = composite_key<std::string, int>;
    using paired = record<parts, named_value<"value", double>>;
    publishing p;
    auto channel =
        p.sink.open<paired>("bars", key_by("venue/lot", [](const paired& r) { return r.key; }));
    listener all, one, none;
    topic& bars = *p.topics->at(0);
    const auto a = bars.subscribe(all, {}), b = bars.subscribe(one, "X~1/007"),
               c = bars.subscribe(none, "X~1"), d = bars.subscribe(none, "X//7");
    for (const parts& key : {parts{{"X/", 7}}, parts{{"X/", 8}}, parts{{"X", 7}}}) {
        paired row;
        row.key = key;
        channel(row);
    }
    REQUIRE(bars.key_name() == "venue/lot");
    REQUIRE(bars.canonical_key("X~1/007") == "X~1/7");
    REQUIRE(all.got.size() == 3);
    REQUIRE(one.got.size() == 1);
    REQUIRE(none.got.empty());
    REQUIRE(one.got[0].find(R"({"venue":"X/","lot":7,)") != std::string::npos);
}

TEST_CASE("records of a stream that lost its key are followed by their own") {
    publishing p;
    auto channel = p.sink.open<row>("bars", unkeyed{});
    listener acme;
    const auto one = p.topics->at(0)->subscribe(acme, "acme");
    channel(row_of("acme"));
    channel(row_of("initech"));
    REQUIRE(acme.got.size() == 1);
    static_cast<void>(p.sink.open<numbered>("plain", unkeyed{}));
    REQUIRE_FALSE(p.topics->at(1)->canonical_key("7"));
}

TEST_CASE("a topic opened twice is one topic, and the unnamed one is none") {
    publishing p;
    auto first = p.sink.open<row>("bars", by_symbol), second = p.sink.open<row>("bars", by_symbol);
    auto unnamed = p.sink.open<row>("", by_symbol);
    REQUIRE(p.topics->size() == 1);
    first(row_of("a"));
    second(row_of("a"));
    unnamed(row_of("a"));
    REQUIRE((*p.topics)[0]->records() == 2);
}
