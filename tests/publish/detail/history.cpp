#include <millrace/publish/detail/history.hpp>

#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <millrace/core/record.hpp>

#include "catch.hpp"

using namespace millrace;

namespace {

using row = record<std::string, named_value<"value", double>>;

row row_of(std::string key, double value) {
    row r;
    r.key = std::move(key);
    r.result.value = value;
    return r;
}

struct plain_storage {
    std::vector<row> rows;
    std::error_code error{};

    template <class F>
    std::error_code scan(const storage_query& query, F&& f) {
        for (const row& each : rows)
            if (!query.key || each.key == *query.key) f(each);
        return error;
    }
    storage_stats stats() const { return {.appended = rows.size()}; }
};

/// Answers when told to, as a storage with a thread of its own does.
struct slow_storage : plain_storage {
    std::function<void()> answer;

    template <class F>
    void async_scan(storage_query query, F done) {
        answer = [this, query, done]() mutable {
            std::vector<row> found;
            scan(query, [&](const row& each) { found.push_back(each); });
            done(error, std::move(found));
        };
    }
};

struct throwing_storage : plain_storage {
    template <class F>
    std::error_code scan(const storage_query& query, F&& f) {
        if (query.key) throw std::runtime_error{"on purpose"};
        return plain_storage::scan(query, f);
    }
};

/// The topics' thread, which runs what it was given when told to.
struct topics_thread {
    std::vector<std::function<void()>> jobs;

    detail::job_poster poster() {
        return [this](std::function<void()> job) { jobs.push_back(std::move(job)); };
    }
    void run() {
        for (const auto& each : std::exchange(jobs, {})) each();
    }
};

}  // namespace

TEST_CASE("a storage's records become one JSON array") {
    topics_thread thread;
    plain_storage storage{{row_of("a", 1.5), row_of("b", 2)}};
    detail::storage_history<row, plain_storage> history{thread.poster(), "sensor", storage};
    std::string body;
    std::error_code error;
    const auto keep = [&](std::error_code e, std::string text, const auto&) {
        error = e;
        body = std::move(text);
    };
    history.scan("x", 100, {}, keep);
    REQUIRE(body.starts_with(R"([{"sensor":"a",)"));
    REQUIRE(body.find(R"(},{"sensor":"b",)") != std::string::npos);
    REQUIRE(body.ends_with("}]"));
    history.scan("x", 100, {.key = "none"}, keep);
    REQUIRE(body == "[]");
    storage.error = errc::storage_failed;
    history.scan("x", 100, {}, keep);
    REQUIRE(error == errc::storage_failed);
    REQUIRE(history.stats().appended == 2);
}

TEST_CASE("a storage that scans elsewhere answers in the topics' thread") {
    topics_thread thread;
    slow_storage storage{{{row_of("a", 1), row_of("b", 2)}}, {}};
    detail::storage_history<row, slow_storage> history{thread.poster(), "sensor", storage};
    std::string body;
    history.scan("x", 100, {.key = "b"},
                 [&](std::error_code, std::string text, const auto&) { body = std::move(text); });
    REQUIRE(body.empty());
    storage.answer();
    REQUIRE(body.empty());
    thread.run();
    REQUIRE(body.starts_with(R"([{"sensor":"b",)"));
    REQUIRE(body.ends_with("]"));
}

TEST_CASE("clients take turns at a storage, and pay until they have their answers") {
    topics_thread thread;
    slow_storage storage{{{row_of("a", 1)}}, {}};
    detail::storage_history<row, slow_storage> history{thread.poster(), "sensor", storage};
    std::string order;
    std::vector<detail::fair_queue::charge> kept;
    const auto ask = [&](const std::string& client, std::size_t limit) {
        history.scan(client, 100, {.limit = limit},
                     [&, client](std::error_code error, std::string, const auto& charge) {
                         order += error == errc::try_again_later ? client + "! " : client + " ";
                         kept.push_back(charge);
                     });
    };
    for (int i = 0; i < 3; ++i) ask("greedy", 50);
    ask("modest", 10);
    REQUIRE(order == "greedy! ");
    for (int i = 0; i < 3; ++i) {
        std::exchange(storage.answer, nullptr)();
        thread.run();
    }
    REQUIRE(order == "greedy! greedy modest greedy ");
    ask("greedy", 1);
    REQUIRE(order.ends_with("greedy greedy! "));
    kept.clear();
    ask("greedy", 1);
    REQUIRE(storage.answer);
}

TEST_CASE("a storage that throws fails its request alone") {
    topics_thread thread;
    throwing_storage storage{};
    detail::storage_history<row, throwing_storage> history{thread.poster(), "sensor", storage};
    std::error_code error;
    const auto keep = [&](std::error_code e, std::string, const auto&) { error = e; };
    history.scan("x", 1, {.key = "a"}, keep);
    REQUIRE(error == errc::handler_failed);
    history.scan("x", 1, {}, keep);
    REQUIRE(!error);
}
