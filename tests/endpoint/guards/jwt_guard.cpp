#include <millrace/endpoint/guards/jwt_guard.hpp>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <millrace/endpoint/guards/all_of.hpp>
#include <millrace/endpoint/guards/origin_guard.hpp>

#include "catch.hpp"
#include "jwt_support.hpp"
#include "requests.hpp"

using namespace millrace;
using namespace jwt_support;
using namespace std::chrono_literals;

static_assert(synchronous_guard<jwt_guard>);
static_assert(synchronous_guard<all_of<origin_guard, jwt_guard>>);

namespace {

constexpr std::string_view hs256 = R"({"alg":"HS256"})";

timestamp at(long long second) { return timestamp{std::chrono::seconds{second}}; }

struct guarded {
    explicit guarded(jwt_settings settings, long long now = 1000)
        : guard{std::move(settings), manual_clock{at(now)}} {}

    verdict show(std::string_view token) const {
        return guard.admit(get("/", {"Authorization: Bearer " + std::string{token}}), "192.0.2.1");
    }

    /// Why these claims are refused, in a token that is signed rightly; empty if they pass.
    std::string fault(std::string_view claims) const {
        const auto verdict = show(make_token(hs256, claims, [](std::string_view text) {
            return sign_hs256(rfc7515::secret(), text);
        }));
        CHECK(verdict.reason.empty() == !verdict.error);
        CHECK((!verdict.error || verdict.error == errc::unauthorized));
        return verdict.reason;
    }

    basic_jwt_guard<manual_clock> guard;
};

jwt_settings with_secret() { return {.keys = {{jwt_algorithm::hs256, rfc7515::secret()}}}; }

}  // namespace

TEST_CASE("the examples of RFC 7515, A.1 to A.3, pass until they expire") {
    const jwt_settings settings{.keys = {{jwt_algorithm::hs256, rfc7515::secret()},
                                         {jwt_algorithm::rs256, rfc7515::rsa_pem()},
                                         {jwt_algorithm::es256, rfc7515::ec_pem()}},
                                .issuer = "joe",
                                .leeway = 10s};
    for (const auto token : {rfc7515::hs256_token, rfc7515::rs256_token, rfc7515::es256_token}) {
        CHECK_FALSE(guarded(settings, rfc7515::expires + 9).show(token).error);
        const auto late = guarded(settings, rfc7515::expires + 10).show(token);
        CHECK(late.error == errc::unauthorized);
        CHECK(late.reason == "the token has expired");
    }
}

TEST_CASE("the subject is the principal, also by the query") {
    const guarded by{with_secret()};
    const auto token =
        make_token(hs256, R"({"sub":"alice","exp":2000})",
                   [](std::string_view text) { return sign_hs256(rfc7515::secret(), text); });
    CHECK(by.show(token).principal == "alice");
    CHECK(by.guard.admit(get("/ws?token=" + token), "").principal == "alice");
    CHECK(by.guard.admit(get("/ws"), "").reason == "a token is needed");
    CHECK(by.guard.admit(get("/ws?token="), "").error == errc::unauthorized);
    CHECK(by.fault(R"({"exp":2000})").empty());
}

TEST_CASE("times are judged with leeway, to fractions of a second") {
    const guarded by{with_secret(), 1000};
    CHECK(by.fault(R"({"exp":940.5})").empty());
    CHECK(by.fault(R"({"exp":940})") == "the token has expired");
    CHECK(by.fault(R"({"exp":-1})") == "the token has expired");
    CHECK(by.fault(R"({"exp":1e300})").empty());
    CHECK(by.fault(R"({"exp":2000,"nbf":1060})").empty());
    CHECK(by.fault(R"({"exp":2000,"nbf":1060.5})") == "the token is not valid yet");
    CHECK(by.fault(R"({"sub":"a"})") == "the token never expires");

    auto settings = with_secret();
    settings.needs_expiry = false;
    settings.leeway = 0s;
    const guarded strict{settings, 1000};
    CHECK(strict.fault(R"({"sub":"a"})").empty());
    CHECK(strict.fault(R"({"exp":1000})") == "the token has expired");
    CHECK(strict.fault(R"({"exp":1001,"nbf":1000})").empty());
    CHECK(strict.fault(R"({"nbf":1001})") == "the token is not valid yet");
}

TEST_CASE("issuer and audience must be the ones asked for") {
    auto settings = with_secret();
    settings.issuer = "joe";
    settings.audience = "prices";
    const guarded by{settings};
    CHECK(by.fault(R"({"exp":2000,"iss":"joe","aud":"prices"})").empty());
    CHECK(by.fault(R"({"exp":2000,"iss":"joe","aud":["orders","prices"]})").empty());
    CHECK(by.fault(R"({"exp":2000,"iss":"jim","aud":"prices"})") ==
          "the token is of another issuer");
    CHECK(by.fault(R"({"exp":2000,"aud":"prices"})") == "the token is of another issuer");
    for (const auto* audience : {R"("aud":"orders")", R"("aud":"Prices")", R"("aud":[])",
                                 R"("aud":["orders"])", R"("aud":"")", R"("x":1)"}) {
        CAPTURE(audience);
        CHECK(by.fault(R"({"exp":2000,"iss":"joe",)" + std::string{audience} + "}") ==
              "the token is for another audience");
    }

    // A server that has no name is in nobody's audience.
    const guarded nameless{with_secret()};
    for (const auto* audience : {R"("aud":"orders")", R"("aud":"")", R"("aud":[])"})
        CHECK(nameless.fault(R"({"exp":2000,)" + std::string{audience} + "}") ==
              "the token is for another audience");
}

TEST_CASE("claims that make no sense are refused") {
    const guarded by{with_secret()};
    for (const auto* claims : {"", "[]", "{", R"({"exp":"2000"})", R"({"exp":2000,"exp":3000})",
                               R"({"exp":2000,"sub":7})", R"({"exp":2000,"aud":7})"}) {
        CAPTURE(claims);
        CHECK(by.fault(claims) == "invalid claims");
    }
}

TEST_CASE("no token passes by naming another algorithm") {
    const auto rsa = make_rsa();
    const auto pem = public_pem(rsa);
    const guarded by{{.keys = {{jwt_algorithm::rs256, pem, "k1"}}}};
    constexpr std::string_view claims = R"({"sub":"alice","exp":2000})";
    const auto with_rsa = [&](std::string_view text) { return sign(rsa, text); };
    const auto with_pem = [&](std::string_view text) { return sign_hs256(pem, text); };
    const auto unsigned_ = [](std::string_view) { return std::string{}; };

    REQUIRE(by.show(make_token(R"({"alg":"RS256","kid":"k1"})", claims, with_rsa)).principal ==
            "alice");
    CHECK(by.show(make_token(R"({"alg":"RS256","kid":"k2"})", claims, with_rsa)).error);
    for (const auto* header : {R"({"alg":"HS256"})", R"({"alg":"HS256","kid":"k1"})",
                               R"({"alg":"RS256"})", R"({"alg":"none"})"})
        CHECK(by.show(make_token(header, claims, with_pem)).error == errc::unauthorized);
    for (const auto* header : {R"({"alg":"none"})", R"({"alg":"NONE"})", R"({"alg":""})",
                               R"({"alg":"RS256"})", R"({"alg":"HS256"})"})
        CHECK(by.show(make_token(header, claims, unsigned_)).reason == "invalid token");
    for (const auto* header : {R"({"alg":"HS256"})", R"({"alg":"RS512"})", R"({"alg":"rs256"})"})
        CHECK(by.show(make_token(header, claims, with_rsa)).error == errc::unauthorized);
}

TEST_CASE("a key of its own in the token, or a part exchanged, gets nowhere") {
    const guarded by{with_secret()};
    const auto sign_with = [](std::string secret) {
        return [secret = std::move(secret)](std::string_view text) {
            return sign_hs256(secret, text);
        };
    };
    const auto good =
        make_token(hs256, R"({"sub":"bob","exp":2000})", sign_with(rfc7515::secret()));
    const auto other =
        make_token(hs256, R"({"sub":"admin","exp":2000})", sign_with("not the secret"));
    REQUIRE_FALSE(by.show(good).error);
    CHECK(by.show(other).error == errc::unauthorized);
    CHECK(by.show(other.substr(0, other.rfind('.')) + good.substr(good.rfind('.'))).error ==
          errc::unauthorized);
    CHECK(by.show(make_token(R"({"alg":"HS256","jwk":{"kty":"oct","k":"AAAA"}})", R"({"exp":2000})",
                             sign_with(std::string(3, '\0'))))
              .error == errc::unauthorized);
    CHECK(by.show(good + ".").error == errc::unauthorized);
    CHECK(by.show("x" + good).error == errc::unauthorized);
    CHECK(by.show("not.a.token").reason == "invalid token");
}

TEST_CASE("keys are changed by having both for a while") {
    const std::string old_secret(32, 'o'), new_secret(32, 'n');
    const guarded by{{.keys = {{jwt_algorithm::hs256, old_secret, "old"},
                               {jwt_algorithm::hs256, new_secret, "new"}}}};
    const auto shows = [&](std::string_view header, const std::string& secret) {
        return !by.show(make_token(header, R"({"exp":2000})",
                                   [&](std::string_view text) { return sign_hs256(secret, text); }))
                    .error;
    };
    CHECK(shows(R"({"alg":"HS256","kid":"old"})", old_secret));
    CHECK(shows(R"({"alg":"HS256","kid":"new"})", new_secret));
    CHECK(shows(R"({"alg":"HS256"})", new_secret));
    CHECK_FALSE(shows(R"({"alg":"HS256","kid":"old"})", new_secret));
    CHECK_FALSE(shows(R"({"alg":"HS256","kid":"other"})", new_secret));
}

TEST_CASE("a JWT guard needs keys") {
    CHECK_THROWS_AS((jwt_guard{{.keys = {}}}), std::invalid_argument);
    CHECK_THROWS_AS((jwt_guard{{.keys = {{jwt_algorithm::hs256, "short"}}}}),
                    std::invalid_argument);
}
