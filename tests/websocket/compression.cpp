#include <millrace/websocket/compression.hpp>

#include <type_traits>

#include "catch.hpp"

using namespace millrace::websocket;

TEST_CASE("compression is a contract only: its models are destroyed through it") {
    CHECK(std::is_abstract_v<compressor>);
    CHECK(std::has_virtual_destructor_v<compressor>);
    CHECK(std::is_abstract_v<compression>);
    CHECK(std::has_virtual_destructor_v<compression>);
    CHECK(compression_agreement{}.connection == nullptr);
}
