#include <millrace/endpoint/detail/api_routes.hpp>

#include <string>

#include "catch.hpp"

using namespace millrace;

namespace {

struct fake_history final : detail::history {
    std::error_code error{};
    storage_query asked{};
    void scan(const storage_query& query, callback done) override {
        asked = query;
        done(error, "[1,2]");
    }
    storage_stats stats() const override { return {.appended = 5}; }
};

struct listing {
    detail::publications all{std::make_shared<detail::publication>(),
                             std::make_shared<detail::publication>()};
    fake_history* bars = nullptr;

    listing() {
        all[0]->topics = {std::make_shared<topic>("bars", "symbol"),
                          std::make_shared<topic>("al\"arms", "")};
        auto stored = std::make_unique<fake_history>();
        bars = stored.get();
        all[0]->histories.push_back({"bars", std::move(stored)});
        all[1]->histories.push_back({"results", std::make_unique<fake_history>()});
        all[1]->topics = {std::make_shared<topic>("other", "id")};
    }

    http::response ask(std::string_view name, const std::string& query = {}) {
        http::request request;
        http::parse_request("GET /api/topics/x" + query + " HTTP/1.1\r\nHost: x\r\n\r\n", request);
        http::response got{.status = 0};
        detail::serve_history(all, name, request, {},
                              [&](http::response given) { got = std::move(given); });
        return got;
    }
};

}  // namespace

TEST_CASE("topics are listed with path, key and whether they are stored") {
    const listing l;
    const auto answer = detail::list_topics(l.all);
    REQUIRE(answer.content_type == "application/json");
    REQUIRE(answer.body == R"([{"name":"bars","path":"/bars","key":"symbol","history":true},)"
                           R"({"name":"al\"arms","path":"/al\"arms","history":false},)"
                           R"({"name":"other","path":"/other","key":"id","history":false}])"
                           "\n");
    REQUIRE(detail::list_topics({}).body == "[]\n");
}

TEST_CASE("a topic's history is what its storage gives for the query") {
    listing l;
    const auto answer = l.ask("bars", "?key=acme&limit=3");
    REQUIRE(answer.status == 200);
    REQUIRE(answer.content_type == "application/json");
    REQUIRE(answer.body == "[1,2]");
    REQUIRE(l.bars->asked.key == "acme");
    REQUIRE(l.bars->asked.limit == 3);
}

TEST_CASE("unknown, unstored and unpublished topics have no history") {
    listing l;
    REQUIRE(l.ask("nothing").status == 404);
    REQUIRE(l.ask("other").status == 404);
    REQUIRE(l.ask("results").status == 404);
    REQUIRE(l.ask("").status == 404);
}

TEST_CASE("a bad parameter is 400 and named, a storage that fails 500, a busy one 503") {
    listing l;
    const auto bad = l.ask("bars", "?limit=x");
    REQUIRE(bad.status == 400);
    REQUIRE(bad.body.find(R"("parameter":"limit")") != std::string::npos);
    l.bars->error = errc::storage_failed;
    REQUIRE(l.ask("bars").status == 500);
    for (const errc busy : {errc::storage_queue_full, errc::storage_locked, errc::timed_out}) {
        l.bars->error = busy;
        const auto answer = l.ask("bars");
        REQUIRE(answer.status == 503);
        REQUIRE(answer.extra_headers == "Retry-After: 1\r\n");
    }
}

TEST_CASE("a snapshot has every topic, and the storage's numbers where there is one") {
    const listing l;
    const auto topics = detail::snapshot_of(l.all);
    REQUIRE(topics.size() == 3);
    REQUIRE(topics[0].name == "bars");
    REQUIRE(topics[0].storage->appended == 5);
    REQUIRE(!topics[1].storage);
}
