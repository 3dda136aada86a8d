#include <millrace/endpoint/detail/routes/publisher.hpp>

#include <string>
#include <vector>

#include <millrace/core/record.hpp>
#include <millrace/pipeline/sink.hpp>

#include "../../listener.hpp"
#include "catch.hpp"

using namespace millrace;

namespace {

using row = record<std::string, named_value<"value", double>>;

struct numbered {
    int id = 0;
};

struct no_storage {
    template <class F>
    std::error_code scan(const storage_query&, F&&) {
        return {};
    }
    storage_stats stats() const { return {}; }
};

struct publishing {
    asio::io_context io{};
    std::shared_ptr<detail::loop> loop = std::make_shared<detail::loop>(io);
    std::shared_ptr<detail::publication> listing = std::make_shared<detail::publication>();
    detail::publisher sink{loop, listing, {}};
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

static_assert(publish_sink<detail::publisher>);

TEST_CASE("a record is sent as one JSON object in a text frame, with the key under its name") {
    publishing p;
    auto channel = p.sink.open<row>("bars", by_symbol);
    REQUIRE(p.listing->topics.size() == 1);
    listener all, acme;
    const auto one = p.listing->topics[0]->subscribe(all, {}),
               two = p.listing->topics[0]->subscribe(acme, "acme");
    channel(row_of("acme"));
    channel(row_of("initech"));
    REQUIRE(all.got.size() == 2);
    REQUIRE(acme.got.size() == 1);
    const std::string_view bytes = all.got[0].bytes();
    std::string expected;
    json::encoder<row>{"symbol"}.encode(row_of("acme"), expected);
    REQUIRE(expected.starts_with(R"({"symbol":"acme")"));
    REQUIRE(bytes.ends_with(expected));
    REQUIRE(bytes.size() - expected.size() == (expected.size() < 126 ? 2u : 4u));
    REQUIRE(static_cast<unsigned char>(bytes[0]) == 0x81);
}

TEST_CASE("events are followed by the key that the stream has, and conflated by it") {
    publishing p;
    p.sink = {p.loop, p.listing, {overflow_policy::conflate}};
    auto channel = p.sink.open<numbered>("ticks", key_by(&numbered::id));
    listener all, seven;
    topic& ticks = *p.listing->topics.at(0);
    const auto one = ticks.subscribe(all, {}), two = ticks.subscribe(seven, "007"),
               none = ticks.subscribe(seven, "seven");
    channel({7});
    channel({8});
    channel({7});
    REQUIRE(ticks.key_name() == "id");
    REQUIRE(all.got.size() == 3);
    REQUIRE(seven.got.size() == 2);
    REQUIRE(all.got[0].subject() != all.got[1].subject());
    REQUIRE(all.got[0].subject() == all.got[2].subject());
}

TEST_CASE("records by a key of several parts are followed by all of them") {
    using parts = composite_key<std::string, int>;
    using paired = record<parts, named_value<"value", double>>;
    publishing p;
    auto channel =
        p.sink.open<paired>("bars", key_by("venue/lot", [](const paired& r) { return r.key; }));
    listener all, one, none;
    topic& bars = *p.listing->topics.at(0);
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
    REQUIRE(one.got[0].bytes().find(R"({"venue":"X/","lot":7,)") != std::string_view::npos);
}

TEST_CASE("records of a stream that lost its key are followed by their own") {
    publishing p;
    auto channel = p.sink.open<row>("bars", unkeyed{});
    listener acme;
    const auto one = p.listing->topics.at(0)->subscribe(acme, "acme");
    channel(row_of("acme"));
    channel(row_of("initech"));
    REQUIRE(acme.got.size() == 1);
    static_cast<void>(p.sink.open<numbered>("plain", unkeyed{}));
    REQUIRE_FALSE(p.listing->topics.at(1)->canonical_key("7"));
}

TEST_CASE("a topic opened twice is one topic, and the unnamed one is none") {
    publishing p;
    auto first = p.sink.open<row>("bars", by_symbol), second = p.sink.open<row>("bars", by_symbol);
    auto unnamed = p.sink.open<row>("", by_symbol);
    REQUIRE(p.listing->topics.size() == 1);
    first(row_of("a"));
    second(row_of("a"));
    unnamed(row_of("a"));
    REQUIRE(p.listing->topics[0]->records() == 2);
}

TEST_CASE("a storage that tells of failures is given the endpoint's log") {
    struct telling : no_storage {
        log_hook log;
        void log_to(const log_hook& hook) { log = hook; }
    };
    publishing p;
    int told = 0;
    telling quiet, storage;
    p.sink.history<row>("bars", "symbol", quiet);
    REQUIRE(!quiet.log);
    p.loop->log = [&](const log_entry&) { ++told; };
    p.sink.history<row>("bars", "symbol", storage);
    storage.log({});
    REQUIRE(told == 1);
}

TEST_CASE("a topic's policy is its own, or that of all others") {
    const detail::topic_policies policies{overflow_policy::conflate,
                                          {{"bars", overflow_policy::disconnect}}};
    REQUIRE(policies.of("bars") == overflow_policy::disconnect);
    REQUIRE(policies.of("trades") == overflow_policy::conflate);
}

TEST_CASE("a storage is listed under its topic") {
    publishing p;
    no_storage storage;
    p.sink.history<row>("bars", "symbol", storage);
    REQUIRE(p.listing->histories.size() == 1);
    REQUIRE(p.listing->histories[0].topic == "bars");
    std::string body;
    p.listing->histories[0].records->scan(
        "x", 1, {}, [&](std::error_code, std::string b, const auto&) { body = b; });
    REQUIRE(body == "[]");
}
