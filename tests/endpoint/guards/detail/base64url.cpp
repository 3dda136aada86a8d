#include <millrace/endpoint/guards/detail/base64url.hpp>

#include <optional>
#include <random>
#include <string>

#include "../base64url.hpp"
#include "catch.hpp"

using millrace::detail::decode_base64url;

TEST_CASE("base64url decodes the vectors of RFC 4648, section 10, without their padding") {
    CHECK(decode_base64url("") == "");
    CHECK(decode_base64url("Zg") == "f");
    CHECK(decode_base64url("Zm8") == "fo");
    CHECK(decode_base64url("Zm9v") == "foo");
    CHECK(decode_base64url("Zm9vYg") == "foob");
    CHECK(decode_base64url("Zm9vYmE") == "fooba");
    CHECK(decode_base64url("Zm9vYmFy") == "foobar");
    CHECK(decode_base64url("A-z_4ME") == "\x03\xec\xff\xe0\xc1");  // RFC 7515, appendix C
}

TEST_CASE("base64url of random bytes decodes to them") {
    CAPTURE(test_seed());
    std::mt19937 random{test_seed()};
    std::uniform_int_distribution<int> byte{0, 255};
    for (std::size_t size = 0; size != 200; ++size) {
        std::string bytes;
        while (bytes.size() != size) bytes.push_back(static_cast<char>(byte(random)));
        REQUIRE(decode_base64url(encode_base64url(bytes)) == bytes);
    }
}

TEST_CASE("base64url has one text for the same bytes, and no other characters") {
    for (const auto* text : {"Z", "Zg=", "Zg==", "Zm9vZ", "Zh", "Zm9", "Zm+v", "Zm/v", "Zm9 v",
                             " Zm9v", "Zm9v\n", "Zm9.", "Zm9v\xC3\xA9"}) {
        CAPTURE(text);
        CHECK(decode_base64url(text) == std::nullopt);
    }
}
