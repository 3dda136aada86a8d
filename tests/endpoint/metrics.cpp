#include <millrace/endpoint/metrics.hpp>

#include "catch.hpp"

using namespace millrace;

namespace {

struct json_metrics {
    static constexpr std::string_view content_type = "application/json";
    static void write(const endpoint_snapshot& now, std::string& out) {
        out += "{\"connections\":" + std::to_string(now.counters.connections) + "}";
    }
};

}  // namespace

static_assert(metrics<null_metrics>);
static_assert(metrics<json_metrics>);
static_assert(!metrics<int>);

TEST_CASE("null metrics have no type, and say nothing") {
    std::string out;
    null_metrics::write({}, out);
    REQUIRE(out.empty());
    REQUIRE(null_metrics::content_type.empty());
}
