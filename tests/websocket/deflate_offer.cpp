#include <millrace/websocket/deflate_offer.hpp>

#include <string>
#include <string_view>

#include "catch.hpp"

using namespace millrace::websocket;

namespace {

constexpr deflate_options lavish{.server_no_context_takeover = false,
                                 .client_no_context_takeover = false};

std::string answer(std::string_view offers, const deflate_options& options = lavish) {
    const auto accepted = accept_deflate_offer(offers, options);
    return accepted ? to_header(*accepted) : "declined";
}

const std::string plain = "permessage-deflate";
const std::string all_four =
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
    "server_max_window_bits=10; client_max_window_bits=11";

}  // namespace

TEST_CASE("server: what is asked for is granted (RFC 7692, section 7.1)") {
    CHECK(answer(plain) == plain);
    CHECK(answer("PerMessage-Deflate") == plain);
    CHECK(answer(all_four) == all_four);
    CHECK(answer(plain + "; server_no_context_takeover") == plain + "; server_no_context_takeover");
    CHECK(answer(plain + "; client_no_context_takeover") == plain + "; client_no_context_takeover");
    for (int bits = 8; bits <= 15; ++bits) {
        const auto server = plain + "; server_max_window_bits=" + std::to_string(bits);
        CHECK(answer(server) == server);
        CHECK(answer(plain + "; server_max_window_bits=\"" + std::to_string(bits) + "\"") ==
              server);
        const auto client = plain + "; client_max_window_bits=" + std::to_string(bits);
        CHECK(answer(client) == (bits < 15 ? client : plain));
    }
    CHECK(answer(plain + "; client_max_window_bits") == plain);
}

TEST_CASE("server: what it wants itself is asked for, where that is allowed") {
    CHECK(answer(plain, {}) == plain + "; server_no_context_takeover; client_no_context_takeover");
    deflate_options thrifty = lavish;
    thrifty.server_max_window_bits = 9;
    thrifty.client_max_window_bits = 10;
    CHECK(answer(plain, thrifty) == plain + "; server_max_window_bits=9");
    CHECK(answer(plain + "; server_max_window_bits=8", thrifty) ==
          plain + "; server_max_window_bits=8");
    CHECK(answer(plain + "; client_max_window_bits", thrifty) ==
          plain + "; server_max_window_bits=9; client_max_window_bits=10");
    CHECK(answer(plain + "; client_max_window_bits=15", thrifty) ==
          plain + "; server_max_window_bits=9; client_max_window_bits=10");
    CHECK(answer(plain + "; client_max_window_bits=9", thrifty) ==
          plain + "; server_max_window_bits=9; client_max_window_bits=9");
}

TEST_CASE("server: an offer that breaks a rule is declined") {
    for (const char* wrong : {"; unknown",
                              "; server_no_context_takeover; server_no_context_takeover",
                              "; client_no_context_takeover; client_no_context_takeover",
                              "; server_max_window_bits=9; server_max_window_bits=9",
                              "; client_max_window_bits; client_max_window_bits",
                              "; server_no_context_takeover=1",
                              "; client_no_context_takeover=true",
                              "; server_max_window_bits",
                              "; server_max_window_bits=7",
                              "; server_max_window_bits=16",
                              "; server_max_window_bits=08",
                              "; server_max_window_bits=+9",
                              "; server_max_window_bits=9x",
                              "; server_max_window_bits=x",
                              "; server_max_window_bits=-8",
                              "; server_max_window_bits=4294967304",
                              "; client_max_window_bits=7",
                              "; client_max_window_bits=16",
                              "; client_max_window_bits=010",
                              "; Server_No_Context_Takeover",
                              "; server_max_window_bits=10; unknown=1"}) {
        CAPTURE(wrong);
        CHECK(answer(plain + wrong) == "declined");
        CHECK(answer(plain + wrong + ", " + plain) == plain);
    }
    for (const char* other : {"", "x-webkit-deflate-frame", "permessage-bzip2", "mux; a=b"})
        CHECK(answer(other) == "declined");
    CHECK(answer(plain + ";") == "declined");
}

TEST_CASE("server: the first acceptable offer is taken") {
    CHECK(answer("foo, " + all_four + ", " + plain) == all_four);
    CHECK(answer(plain + "; client_max_window_bits=9, " + all_four) ==
          plain + "; client_max_window_bits=9");
}

TEST_CASE("client: the offer names what it wants, and always that it can limit its window") {
    CHECK(to_header(make_deflate_offer(lavish)) == plain + "; client_max_window_bits=15");
    CHECK(to_header(make_deflate_offer(
              {.server_max_window_bits = 10, .client_max_window_bits = 11})) == all_four);
}

TEST_CASE("client: what the server may answer") {
    const auto agreed = [](std::string_view value, const deflate_options& options) {
        return confirm_deflate_answer(value, make_deflate_offer(options));
    };
    CHECK(agreed(plain, lavish) == deflate_parameters{false, false, std::nullopt, 15});
    // Unasked, the server may limit itself and, as the offer lets it, the client.
    CHECK(agreed(all_four, lavish) == deflate_parameters{true, true, 10, 11});
    // What the client offered for itself it does, though the server does not say so.
    deflate_options own = lavish;
    own.client_no_context_takeover = true;
    own.client_max_window_bits = 9;
    CHECK(agreed(plain, own) == deflate_parameters{false, true, std::nullopt, 9});
    CHECK(agreed(plain + "; client_max_window_bits=8", own)->client_max_window_bits == 8);

    SECTION("what it asked of the server must be granted") {
        deflate_options wants = lavish;
        wants.server_no_context_takeover = true;
        CHECK_FALSE(agreed(plain, wants));
        CHECK(agreed(plain + "; server_no_context_takeover", wants));
        wants = lavish;
        wants.server_max_window_bits = 10;
        CHECK_FALSE(agreed(plain, wants));
        CHECK_FALSE(agreed(plain + "; server_max_window_bits=11", wants));
        CHECK(agreed(plain + "; server_max_window_bits=10", wants)->server_bits() == 10);
        CHECK(agreed(plain + "; server_max_window_bits=8", wants)->server_bits() == 8);
    }
    SECTION("more than it offered must not be asked of it") {
        CHECK_FALSE(agreed(plain + "; client_max_window_bits=10", own));
        CHECK_FALSE(confirm_deflate_answer(plain + "; client_max_window_bits=10", {}));
        CHECK(confirm_deflate_answer(plain + "; client_no_context_takeover", {}));
    }
    SECTION("the rules of an answer are kept") {
        for (const char* wrong : {"; unknown", "; client_max_window_bits",
                                  "; server_max_window_bits", "; server_max_window_bits=7",
                                  "; client_max_window_bits=16", "; server_no_context_takeover=1",
                                  "; server_no_context_takeover; server_no_context_takeover"})
            CHECK_FALSE(agreed(plain + wrong, lavish));
        for (const char* value : {"", "x", "permessage-deflate, permessage-deflate",
                                  "permessage-deflate, x", "permessage-deflate;"})
            CHECK_FALSE(agreed(value, lavish));
    }
}
