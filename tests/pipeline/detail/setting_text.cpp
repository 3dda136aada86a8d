#include <millrace/pipeline/detail/setting_text.hpp>

#include <cstdint>
#include <optional>
#include <string>

#include <millrace/core/record.hpp>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;
using namespace std::chrono_literals;

TEST_CASE("a duration in the units that it has") {
    using detail::duration_text;
    CHECK(duration_text(0s) == "0s");
    CHECK(duration_text(250ms) == "250ms");
    CHECK(duration_text(90s) == "1m30s");
    CHECK(duration_text(24h) == "1d");
    CHECK(duration_text(1s + 1ns) == "1s1ns");
    CHECK(duration_text(-1500us) == "-1ms500us");
    CHECK(duration_text(duration::max()) == "unlimited");
    CHECK(duration_text(duration::min()) == "-106751d23h47m16s854ms775us808ns");
}

TEST_CASE("a scalar's name says its kind and size") {
    using detail::scalar_name;
    CHECK(scalar_name<int>() == "int32");
    CHECK(scalar_name<long>() == scalar_name<long long>());
    CHECK(scalar_name<std::uint8_t>() == "uint8");
    CHECK(scalar_name<float>() == "float32");
    CHECK(scalar_name<bool>() == "bool");
    CHECK(scalar_name<timestamp>() == "time");
    CHECK(scalar_name<std::string>() == "text");
    CHECK(scalar_name<std::optional<double>>() == "float64?");
    CHECK(scalar_name<trigger>().starts_with("enum(event|watermark|"));
    CHECK(scalar_name<trade>() == "other");
}

TEST_CASE("a projection is called by the field that it picks") {
    using detail::projection_name;
    CHECK(projection_name(&trade::price) == "price");
    CHECK(projection_name(at<"mean">) == "mean");
    CHECK(projection_name([](const trade&) { return 1; }) == "function");
    struct unnamed {
        int a;
    };
    CHECK(projection_name(&unnamed::a) == "function");
}
