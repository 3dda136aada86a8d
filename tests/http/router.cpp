#include <millrace/http/router.hpp>

#include <string>

#include "catch.hpp"

using namespace millrace;
using namespace millrace::http;

namespace {

handler says(std::string text) {
    return [text](const request&, const caller&, const responder& respond) {
        respond({.body = text});
    };
}

response ask(const router& router, std::string_view method, std::string_view target) {
    request request;
    const std::string head =
        std::string{method} + " " + std::string{target} + " HTTP/1.1\r\nHost: x\r\n\r\n";
    REQUIRE(parse_request(head, request).state == parse_result::complete);
    response got;
    router.serve(request, {}, [&](response given) { got = std::move(given); });
    return got;
}

}  // namespace

TEST_CASE("a path's own route goes before prefixes, a longer prefix before a shorter") {
    router router;
    REQUIRE(router.add_prefix("/", says("root")));
    REQUIRE(router.add_prefix("/api/", says("api")));
    REQUIRE(router.add("/api/topics", says("topics")));
    REQUIRE(ask(router, "GET", "/api/topics").body == "topics");
    REQUIRE(ask(router, "GET", "/api/topics?x=1").body == "topics");
    REQUIRE(ask(router, "GET", "/api/topics/bars").body == "api");
    REQUIRE(ask(router, "HEAD", "/index.html").body == "root");
    REQUIRE(router.has("/api/topics"));
    REQUIRE(!router.has("/api/"));
}

TEST_CASE("the index is for the root alone, and behind all others") {
    router router;
    router.add_index(says("index"));
    REQUIRE(ask(router, "GET", "/").body == "index");
    REQUIRE(ask(router, "GET", "/x").status == 404);
    REQUIRE(ask(router, "POST", "/").status == 405);
    REQUIRE(router.add_prefix("/", says("files")));
    REQUIRE(ask(router, "GET", "/").body == "files");
}

TEST_CASE("a path or prefix is given once") {
    router router;
    REQUIRE(router.add("/a", says("first")));
    REQUIRE(!router.add("/a", says("second")));
    REQUIRE(router.add_prefix("/a", says("prefix")));
    REQUIRE(!router.add_prefix("/a", says("other")));
    REQUIRE(ask(router, "GET", "/a").body == "first");
}

TEST_CASE("unknown paths are 404, known ones 405 for methods that are not served") {
    router router;
    router.add("/a", says("a"));
    REQUIRE(ask(router, "GET", "/b").status == 404);
    REQUIRE(ask(router, "POST", "/b").status == 404);
    const auto refused = ask(router, "POST", "/a");
    REQUIRE(refused.status == 405);
    REQUIRE(refused.extra_headers == "Allow: GET, HEAD\r\n");
}
