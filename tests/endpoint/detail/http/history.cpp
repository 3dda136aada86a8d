#include <millrace/endpoint/detail/http/history.hpp>

#include <functional>
#include <string>
#include <vector>

#include <millrace/core/record.hpp>

#include "catch.hpp"

using namespace millrace;
using namespace std::chrono_literals;

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

detail::history_request parse(std::string_view query, const endpoint_options& options = {}) {
    http::request request;
    const std::string head =
        "GET /api/topics/x" + std::string{query} + " HTTP/1.1\r\nHost: x\r\n\r\n";
    REQUIRE(http::parse_request(head, request).state == http::parse_result::complete);
    return detail::parse_history_request(request, options);
}

}  // namespace

TEST_CASE("a storage's records become one JSON array") {
    asio::io_context io;
    plain_storage storage{{row_of("a", 1.5), row_of("b", 2)}};
    detail::storage_history<row, plain_storage> history{io, "sensor", storage};
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

TEST_CASE("a storage that scans elsewhere answers through the io_context") {
    asio::io_context io;
    slow_storage storage{{{row_of("a", 1), row_of("b", 2)}}, {}};
    detail::storage_history<row, slow_storage> history{io, "sensor", storage};
    std::string body;
    history.scan("x", 100, {.key = "b"},
                 [&](std::error_code, std::string text, const auto&) { body = std::move(text); });
    REQUIRE(body.empty());
    storage.answer();
    REQUIRE(body.empty());
    io.run();
    REQUIRE(body.starts_with(R"([{"sensor":"b",)"));
    REQUIRE(body.ends_with("]"));
}

TEST_CASE("clients take turns at a storage, and pay until they have their answers") {
    asio::io_context io;
    slow_storage storage{{{row_of("a", 1)}}, {}};
    detail::storage_history<row, slow_storage> history{io, "sensor", storage};
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
        io.restart();
        io.poll();
    }
    REQUIRE(order == "greedy! greedy modest greedy ");
    ask("greedy", 1);
    REQUIRE(order.ends_with("greedy greedy! "));
    kept.clear();
    ask("greedy", 1);
    REQUIRE(storage.answer);
}

TEST_CASE("a storage that throws fails its request alone") {
    asio::io_context io;
    throwing_storage storage{};
    detail::storage_history<row, throwing_storage> history{io, "sensor", storage};
    std::error_code error;
    const auto keep = [&](std::error_code e, std::string, const auto&) { error = e; };
    history.scan("x", 1, {.key = "a"}, keep);
    REQUIRE(error == errc::handler_failed);
    history.scan("x", 1, {}, keep);
    REQUIRE(!error);
}

TEST_CASE("a charged text is read like another, and paid when it is gone") {
    auto charge = std::make_shared<int>();
    auto text = std::make_unique<detail::charged_text>("some text", charge);
    REQUIRE(text->size() == 9);
    REQUIRE(text->memory_bytes() >= 9);
    std::string out;
    REQUIRE(text->read(5, 4, out));
    REQUIRE(out == "text");
    REQUIRE(charge.use_count() == 2);
    text.reset();
    REQUIRE(charge.use_count() == 1);
}

TEST_CASE("a request's parameters become a query") {
    const auto all = parse("");
    REQUIRE(all.wrong.empty());
    REQUIRE(all.query.from == timestamp::min());
    REQUIRE(all.query.to == timestamp::max());
    REQUIRE(all.query.limit == endpoint_options{}.default_history_rows);

    const auto some = parse("?from=1970-01-01T00:00:01Z&to=2500&limit=7");
    REQUIRE(some.wrong.empty());
    REQUIRE(some.query.from == timestamp{1s});
    REQUIRE(some.query.to == timestamp{2500ms});
    REQUIRE(some.query.limit == 7);
    REQUIRE(parse("?from=-1").query.from == timestamp{-1ms});
    REQUIRE(parse("?limit=18446744").query.limit == endpoint_options{}.max_history_rows);
    REQUIRE(parse("", {.default_history_rows = 9, .max_history_rows = 5}).query.limit == 5);
}

TEST_CASE("a parameter that is wrong is named") {
    REQUIRE(parse("?from=yesterday").wrong == "from");
    REQUIRE(parse("?from=").wrong == "from");
    REQUIRE(parse("?to=2015-13-01T00:00:00Z").wrong == "to");
    REQUIRE(parse("?to=9223372036854775807").wrong == "to");
    REQUIRE(parse("?limit=0").wrong == "limit");
    REQUIRE(parse("?limit=-1").wrong == "limit");
    REQUIRE(parse("?limit=1x").wrong == "limit");
    REQUIRE(parse("?limit=99999999999999999999").wrong == "limit");
}
