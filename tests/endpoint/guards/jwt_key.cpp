#include <millrace/endpoint/guards/jwt_key.hpp>

#include <array>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>

#include <millrace/endpoint/guards/detail/jwt_token.hpp>

#include "catch.hpp"
#include "jwt_support.hpp"

using namespace millrace;
using namespace jwt_support;

namespace {

bool verifies(const jwt_verifier& key, std::string_view text) {
    const auto token = detail::jwt_token::parse(text);
    return token && key.verify(token->signed_text, token->signature);
}

/// Every change of one bit in text or signature must be seen.
void check_bits(const jwt_verifier& key, const std::string& text, const std::string& signature) {
    REQUIRE(key.verify(text, signature));
    for (std::size_t bit = 0; bit < signature.size() * 8; bit += 7) {
        auto changed = signature;
        changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
        REQUIRE_FALSE(key.verify(text, changed));
    }
    for (std::size_t bit = 0; bit != text.size() * 8; ++bit) {
        auto changed = text;
        changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
        REQUIRE_FALSE(key.verify(changed, signature));
    }
    CHECK_FALSE(key.verify(text, ""));
    CHECK_FALSE(key.verify(text, signature + '\0'));
    CHECK_FALSE(key.verify(text, '\0' + signature));
    CHECK_FALSE(key.verify(text, signature.substr(1)));
    CHECK_FALSE(key.verify(text, signature.substr(0, signature.size() - 1)));
    CHECK_FALSE(key.verify("", signature));
}

}  // namespace

TEST_CASE("the examples of RFC 7515, A.1 to A.3, verify, each by its key alone") {
    const std::array keys{jwt_verifier{{jwt_algorithm::hs256, rfc7515::secret()}},
                          jwt_verifier{{jwt_algorithm::rs256, rfc7515::rsa_pem()}},
                          jwt_verifier{{jwt_algorithm::es256, rfc7515::ec_pem()}}};
    const std::array tokens{rfc7515::hs256_token, rfc7515::rs256_token, rfc7515::es256_token};
    for (std::size_t key = 0; key != 3; ++key) {
        for (std::size_t token = 0; token != 3; ++token) {
            CAPTURE(key, token);
            CHECK(verifies(keys[key], tokens[token]) == (key == token));
        }
        CHECK(detail::jwt_token::parse(tokens[key])->claims == rfc7515::claims);
    }
}

TEST_CASE("signatures of fresh keys verify, and nothing else does") {
    const std::string text = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0";
    SECTION("hs256") {
        const std::string secret(32, 's');
        check_bits(jwt_verifier{{jwt_algorithm::hs256, secret}}, text, sign_hs256(secret, text));
    }
    SECTION("rs256") {
        const auto pair = make_rsa();
        const jwt_verifier key{{jwt_algorithm::rs256, public_pem(pair)}};
        check_bits(key, text, sign(pair, text));
        CHECK_FALSE(key.verify(text, sign(pair, text, EVP_sha512())));
        CHECK_FALSE(key.verify(text, sign(make_rsa(), text)));
    }
    SECTION("es256") {
        const auto pair = make_ec();
        const jwt_verifier key{{jwt_algorithm::es256, public_pem(pair)}};
        check_bits(key, text, sign_es256(pair, text));
        CHECK_FALSE(key.verify(text, sign(pair, text)));  // DER
        CHECK_FALSE(key.verify(text, std::string(64, '\0')));
        CHECK_FALSE(key.verify(text, std::string(64, '\xff')));
        CHECK_FALSE(key.verify(text, sign_es256(make_ec(), text)));
        // Numbers with leading zeros come up once in 128 signatures.
        for (int i = 0; i != 300; ++i) REQUIRE(key.verify(text, sign_es256(pair, text)));
    }
}

TEST_CASE("a failed verification leaves no error with the thread") {
    const jwt_verifier key{{jwt_algorithm::rs256, rfc7515::rsa_pem()}};
    REQUIRE_FALSE(key.verify("text", std::string(256, 'x')));
    CHECK_THROWS(jwt_verifier{{jwt_algorithm::rs256, "no key"}});
    CHECK(ERR_peek_error() == 0);
}

TEST_CASE("a key is for one algorithm, and for its own kid") {
    const std::string k1 = "k1", k2 = "k2";
    const jwt_verifier named{{jwt_algorithm::rs256, rfc7515::rsa_pem(), k1}};
    CHECK(named.fits("RS256", &k1));
    CHECK(named.fits("RS256", nullptr));
    CHECK_FALSE(named.fits("RS256", &k2));
    for (const auto* algorithm :
         {"HS256", "ES256", "none", "None", "RS512", "PS256", "rs256", ""}) {
        CAPTURE(algorithm);
        CHECK_FALSE(named.fits(algorithm, &k1));
    }
    const jwt_verifier unnamed{{jwt_algorithm::hs256, rfc7515::secret()}};
    CHECK(unnamed.fits("HS256", &k1));
    CHECK(unnamed.fits("HS256", nullptr));
    CHECK_FALSE(unnamed.fits("RS256", nullptr));
}

TEST_CASE("a key that is not right for its algorithm is refused") {
    const auto refused = [](jwt_algorithm algorithm, const std::string& key) {
        CHECK_THROWS_AS(jwt_verifier({algorithm, key}), std::invalid_argument);
    };
    const auto rsa = make_rsa(), ec = make_ec();
    refused(jwt_algorithm::hs256, public_pem(rsa));
    refused(jwt_algorithm::hs256, "\n" + public_pem(ec));
    refused(jwt_algorithm::hs256, std::string(31, 's'));
    refused(jwt_algorithm::hs256, "");
    refused(jwt_algorithm::rs256, public_pem(ec));
    refused(jwt_algorithm::rs256, public_pem(make_rsa(1024)));
    refused(jwt_algorithm::rs256, private_pem(rsa));
    refused(jwt_algorithm::rs256, std::string(32, 's'));
    refused(jwt_algorithm::rs256, "");
    refused(jwt_algorithm::es256, public_pem(rsa));
    refused(jwt_algorithm::es256, public_pem(make_ec("P-384")));
    refused(jwt_algorithm::es256, public_pem(make_ec("secp256k1")));
    refused(jwt_algorithm::es256, private_pem(ec));
    refused(jwt_algorithm::es256, public_pem(own(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"))));
}
