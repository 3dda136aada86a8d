#include <millrace/endpoint/detail/http/topology_routes.hpp>

#include <string>

#include "catch.hpp"

using namespace millrace;

namespace {

http::response ask(const std::string& query) {
    topology one{{{"1_from", "from", "from", {}, {"trade", {}, "", "none"}}}, {}};
    http::request request;
    http::parse_request("GET /api/topology" + query + " HTTP/1.1\r\nHost: x\r\n\r\n", request);
    return detail::serve_topology({{"a\"b", &one}, {"c", &one}}, request);
}

}  // namespace

TEST_CASE("pipelines stand side by side in each form, by their names") {
    CHECK(ask("?format=text").body ==
          "pipeline \"a\\\"b\"\n1_from -> trade\n\n"
          "pipeline c\n1_from -> trade\n");
    CHECK(ask("?format=mermaid").body ==
          "flowchart LR\n"
          "  subgraph p1[\"a#34;b\"]\n    p1s1[\"from\"]\n  end\n"
          "  subgraph p2[\"c\"]\n    p2s1[\"from\"]\n  end\n");
    CHECK(ask("").body.starts_with(R"([{"pipeline":"a\"b","fingerprint":")"));
    CHECK(ask("").content_type == "application/json");
    CHECK(ask("?pipeline=c&format=text").body == "pipeline c\n1_from -> trade\n");
    CHECK(detail::serve_topology({}, {}).body == "[]\n");
}

TEST_CASE("what is not there is 404, and nonsense is 400 and named") {
    CHECK(ask("?pipeline=").status == 404);
    CHECK(ask("?pipeline=d&format=xml").status == 404);
    for (const auto* query : {"?format=xml", "?format=", "?format=text&format=text"}) {
        CAPTURE(query);
        CHECK(ask(query).status == 400);
        CHECK(ask(query).body.find(R"("parameter":"format")") != std::string::npos);
    }
    CHECK(ask("?pipeline=c&pipeline=d").status == 400);
}
