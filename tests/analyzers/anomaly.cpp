#include <millrace/analyzers/anomaly.hpp>

#include <cmath>

#include <millrace/core/projection.hpp>
#include "catch.hpp"

TEST_CASE("anomaly_result says nothing until a detector does") {
    const millrace::anomaly_result silent;
    REQUIRE(millrace::at<"score">(silent) == 0);
    REQUIRE(std::isnan(millrace::at<"expected">(silent)));
    REQUIRE(std::isnan(millrace::at<"lower">(silent)));
    REQUIRE(std::isnan(millrace::at<"upper">(silent)));
    REQUIRE_FALSE(millrace::at<"anomaly">(silent));
}
