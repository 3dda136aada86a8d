#include <millrace/endpoint/detail/routes/post_report.hpp>

#include <string>

#include "catch.hpp"

using namespace millrace;
using namespace millrace::detail;

namespace {

const input_error wrong{.index = 1, .code = make_error_code(errc::wrong_type), .offset = 7};
const std::string told = R"({"index":1,"code":"wrong type","offset":7})";

}  // namespace

TEST_CASE("a report counts what was accepted and what was refused") {
    post_report report{1};
    REQUIRE(report.answer(0, false).status == 200);
    REQUIRE(report.answer(2, false).body == "{\"accepted\":2,\"rejected\":0,\"errors\":[]}\n");
    report.reject(wrong);
    report.reject(wrong);
    REQUIRE(report.answer(2, false).status == 200);
    REQUIRE(report.answer(0, false).status == 400);
    REQUIRE(report.answer(2, false).body ==
            "{\"accepted\":2,\"rejected\":2,\"errors\":[" + told + "]}\n");
    auto lost = wrong;
    lost.unread_bytes = 9;
    report.reject(lost);
    REQUIRE(report.answer(2, false).body.find(R"("unread_bytes":9)") != std::string::npos);
}

TEST_CASE("that a pipeline failed is told behind all other errors") {
    post_report none{0}, some{1};
    auto answer = none.answer(0, true);
    REQUIRE(answer.status == 500);
    REQUIRE(answer.body ==
            "{\"accepted\":0,\"rejected\":0,\"errors\":[{\"code\":\"handler failed\"}]}\n");
    some.reject(wrong);
    some.reject(wrong);
    answer = some.answer(3, true);
    REQUIRE(answer.status == 500);
    REQUIRE(answer.body == "{\"accepted\":3,\"rejected\":2,\"errors\":[" + told +
                               ",{\"code\":\"handler failed\"}]}\n");
}
