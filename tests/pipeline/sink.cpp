#include <millrace/pipeline/sink.hpp>

#include <string>

#include "catch.hpp"

using namespace millrace;

namespace {

struct endless {
    template <class Record, class KeyBy>
    auto open(std::string_view, const KeyBy&) {
        return [](const Record&) {};
    }
};

}  // namespace

TEST_CASE("a sink opens channels; a function is none until it is wrapped") {
    auto function = [](const auto&) {};
    STATIC_REQUIRE(publish_sink<endless>);
    STATIC_REQUIRE_FALSE(publish_sink<decltype(function)>);
    STATIC_REQUIRE(publish_sink<detail::callable_sink<decltype(function)>>);
}

TEST_CASE("a function with a topic is told it, and one for another type is not called") {
    std::string seen;
    auto function = [&](std::string_view topic, int value) {
        seen += std::string{topic} + std::to_string(value);
    };
    detail::callable_sink sink{function};
    sink.open<int>("n", unkeyed{})(5);
    sink.open<std::string>("s", unkeyed{})("ignored");
    CHECK(seen == "n5");
}
