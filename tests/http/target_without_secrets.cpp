#include <millrace/http/target_without_secrets.hpp>

#include <string>
#include <string_view>

#include "catch.hpp"

using millrace::http::target_without_secrets;

TEST_CASE("a target for logs holds no token, however its parameter is spelled") {
    const auto [given, kept] = GENERATE(
        std::pair{"/bars", "/bars"}, std::pair{"/bars?key=ACME&limit=5", "/bars?key=ACME&limit=5"},
        std::pair{"/bars?token=s3cret", "/bars?token=***"},
        std::pair{"/bars?key=a&access_token=s3cret&limit=5",
                  "/bars?key=a&access_token=***&limit=5"},
        std::pair{"/bars?ToKeN=s3cret", "/bars?ToKeN=***"},
        std::pair{"/bars?t%6fken=s3cret", "/bars?t%6fken=***"},
        std::pair{"/bars?token=s3cret&token=s3cret", "/bars?token=***&token=***"},
        std::pair{"/bars?a=1;token=s3cret", "/bars?a=1;token=***"},
        std::pair{"/bars?x?token=s3cret", "/bars?x?token=***"},
        std::pair{"/bars?token=s3cret=s3cret", "/bars?token=***"},
        std::pair{"/bars?X-Amz-Signature=s3cret", "/bars?X-Amz-Signature=***"},
        std::pair{"/bars?apiKey=s3cret&password=s3cret", "/bars?apiKey=***&password=***"},
        std::pair{"/bars?bearer=s3cret&pass=s3cret", "/bars?bearer=***&pass=***"},
        std::pair{"/bars?%zz=s3cret", "/bars?%zz=***"}, std::pair{"/bars?token", "/bars?token"},
        std::pair{"/bars?", "/bars?"}, std::pair{"", ""},
        std::pair{"http://u:s3cret@h/bars?key=1", "http://***@h/bars?key=1"},
        std::pair{"http://h/bars?next=a@b", "http://h/bars?next=a@b"});
    REQUIRE(target_without_secrets(given) == kept);
}

TEST_CASE("a target for logs stays on its line") {
    REQUIRE(target_without_secrets("/a\r\nb\x1b[31m\xff") == "/a??b?[31m?");
}
