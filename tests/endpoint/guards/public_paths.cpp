#include <millrace/endpoint/guards/public_paths.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <millrace/endpoint/guards/all_of.hpp>
#include <millrace/endpoint/guards/bearer_guard.hpp>

#include "catch.hpp"
#include "scripted.hpp"

using namespace millrace;

namespace {

std::shared_ptr<const http::request> request_of(const std::string& target) {
    auto request = std::make_shared<http::request>();
    const auto parsed =
        http::parse_request("GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n", *request);
    REQUIRE(parsed.state == http::parse_result::complete);
    return request;
}

}  // namespace

static_assert(synchronous_guard<public_paths<bearer_guard>>);
static_assert(asynchronous_guard<public_paths<later>>);
static_assert(!synchronous_guard<public_paths<later>>);

TEST_CASE("public paths are open as nobody, others are the guard's") {
    all_of guard{public_paths{{"/", "/app.js", "/static/*"}, bearer_guard{{{"t", "ann"}}}}};
    const auto says = [&](const std::string& target) {
        return guard.admit(*request_of(target), "192.0.2.1");
    };
    for (const char* open : {"/", "/app.js", "/%61pp.js", "/app.js?v=2", "/app.js?token=wrong",
                             "/static/", "/static/a/b.css", "http://h/app.js", "http://h"})
        CHECK((!says(open).error && says(open).principal.empty()));
    for (const char* shut : {"/bars", "/app.js/", "/App.js", "/app.jsx", "//app.js", "/static",
                             "/STATIC/a", "/%2fstatic/a", "/bars?/static/a"})
        CHECK(says(shut).error == errc::unauthorized);
    CHECK(says("/bars?token=t").principal == "ann");
}

TEST_CASE("a guard that asks elsewhere is not asked about public paths") {
    std::vector<verdict_handler> waiting;
    public_paths guard{{"/"}, later{&waiting}};
    int passed = 0;
    const auto count = [&](const verdict& said) { passed += !said.error; };
    guard.admit(request_of("/"), "", count);
    REQUIRE((passed == 1 && waiting.empty()));
    guard.admit(request_of("/bars"), "", count);
    REQUIRE((passed == 1 && waiting.size() == 1));
}

TEST_CASE("what is no path is refused") {
    for (const char* wrong : {"", "app.js", "*", "/*/x", "/a*", "/a/**", "/a*b/*"})
        CHECK_THROWS_AS((public_paths{{wrong}, open_guard{}}), std::invalid_argument);
}
