#include <millrace/endpoint/detail/http/api_routes.hpp>

#include <string>

#include "catch.hpp"

using namespace millrace;

namespace {

struct fake_history final : detail::history {
    std::error_code error{};
    storage_query asked{};
    std::string body = "[1,2]";
    callback waiting{};
    bool has_to_wait = false;
    storage_stats stats() const override { return {.appended = 5}; }

protected:
    void read(const storage_query& query, callback done) override {
        asked = query;
        if (has_to_wait) {
            waiting = std::move(done);
        } else {
            done(error, body);
        }
    }
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

    http::response ask(std::string_view name, const std::string& query = {},
                       const http::caller& who = {}) {
        http::request request;
        http::parse_request("GET /api/topics/x" + query + " HTTP/1.1\r\nHost: x\r\n\r\n", request);
        const auto got = std::make_shared<http::response>(http::response{.status = 0});
        detail::serve_history(all, name, request, who, {},
                              [got](http::response given) { *got = std::move(given); });
        return *got;
    }
};

}  // namespace

TEST_CASE("topics are listed with path, key and whether they are stored") {
    const listing l;
    const auto answer = detail::list_topics(l.all, {}, {}, {});
    REQUIRE(answer.content_type == "application/json");
    REQUIRE(answer.body == R"([{"name":"bars","path":"/bars","key":"symbol","history":true},)"
                           R"({"name":"al\"arms","path":"/al\"arms","history":false},)"
                           R"({"name":"other","path":"/other","key":"id","history":false}])"
                           "\n");
    REQUIRE(detail::list_topics({}, {}, {}, {}).body == "[]\n");
}

TEST_CASE("a topic's history is what its storage gives for the query") {
    listing l;
    const auto answer = l.ask("bars", "?key=acme&from=1970-01-01T00%3A00%3A01Z&to=2500&limit=3");
    REQUIRE(answer.status == 200);
    REQUIRE(answer.content_type == "application/json");
    REQUIRE(answer.body == "[1,2]");
    REQUIRE(l.bars->asked.key == "acme");
    REQUIRE(l.bars->asked.from == timestamp{std::chrono::seconds{1}});
    REQUIRE(l.bars->asked.to == timestamp{std::chrono::milliseconds{2500}});
    REQUIRE(l.bars->asked.limit == 3);
    REQUIRE(l.ask("bars").status == 200);
    REQUIRE(l.bars->asked.limit == endpoint_options{}.default_history_rows);
    REQUIRE(l.ask("bars", "?limit=18446744").status == 200);
    REQUIRE(l.bars->asked.limit == endpoint_options{}.max_history_rows);
}

TEST_CASE("a key is asked for as live records are followed, and what is none is wrong") {
    listing l;
    REQUIRE(l.ask("bars", "?key=a%20007").status == 200);
    REQUIRE(l.bars->asked.key == "a 007");
    l.all[0]->topics[0] =
        std::make_shared<topic>("bars", "id", overflow_policy::drop_oldest, &canonical_key<int>);
    REQUIRE(l.ask("bars", "?key=007").status == 200);
    REQUIRE(l.bars->asked.key == "7");
    const auto bad = l.ask("bars", "?key=seven");
    REQUIRE(bad.status == 400);
    REQUIRE(bad.body.find(R"("parameter":"key")") != std::string::npos);
    REQUIRE(l.ask("bars").status == 200);
    REQUIRE(!l.bars->asked.key);
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

TEST_CASE("a long answer is charged to its client until it is sent, and to nobody else") {
    listing l;
    l.bars->body = std::string(100'000, ' ');
    const http::caller greedy{.address = "1.2.3.4"}, other{.principal = "p", .address = "1.2.3.4"};
    std::vector<http::response> unread;
    for (int i = 0; i < 5; ++i) {
        unread.push_back(l.ask("bars", "?limit=10000", greedy));
        REQUIRE(unread.back().status == 200);
        REQUIRE(unread.back().content_bytes() == 100'000);
    }
    REQUIRE(l.ask("bars", "?limit=1", greedy).status == 503);
    REQUIRE(l.ask("bars", "?limit=10000", other).status == 200);
    REQUIRE(l.ask("bars", "?limit=1", {.address = "1.2.3.5"}).status == 200);
    unread.pop_back();
    REQUIRE(l.ask("bars", "?limit=10000", greedy).status == 200);
}

TEST_CASE("a client whose requests wait is refused more of them, and nobody else") {
    listing l;
    l.bars->has_to_wait = true;
    const http::caller greedy{.address = "1.2.3.4"}, modest{.address = "1.2.3.5"};
    for (int i = 0; i < 5; ++i) REQUIRE(l.ask("bars", "?limit=10000", greedy).status == 0);
    const auto refused = l.ask("bars", "?limit=10000", greedy);
    REQUIRE(refused.status == 503);
    REQUIRE(refused.extra_headers == "Retry-After: 1\r\n");
    REQUIRE(l.ask("bars", "?limit=7", modest).status == 0);
    std::exchange(l.bars->waiting, nullptr)({}, "[]");
    REQUIRE(l.bars->asked.limit == 7);
}

TEST_CASE("a snapshot has every topic, and the storage's numbers where there is one") {
    const listing l;
    const auto topics = detail::snapshot_of(l.all);
    REQUIRE(topics.size() == 3);
    REQUIRE(topics[0].name == "bars");
    REQUIRE(topics[0].storage->appended == 5);
    REQUIRE(!topics[1].storage);
}
