#include <millrace/transport/tls_context.hpp>

#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "certificates.hpp"
#include "temporary_folder.hpp"

using namespace millrace;
using detail::tls_contexts;

namespace {

const certificate authority{"Authority"};
const certificate server = authority.issue({.common_name = "server"});

std::string text_file(const std::string& path, const std::string& text) {
    std::ofstream{path} << text;
    return path;
}

std::error_code refusal(const tls_options& options) {
    try {
        const tls_contexts made{options};
    } catch (const std::system_error& e) {
        return e.code();
    }
    return {};
}

}  // namespace

TEST_CASE(
    "a TLS context offers TLS 1.2 and later, with forward secrecy and authenticated ciphers") {
    const temporary_folder folder;
    server.save(folder / "server.pem");
    const tls_contexts made{{.certificate_file = folder / "server.pem"}};
    for (const auto& context : {made.server(), made.client()}) {
        CHECK(SSL_CTX_get_min_proto_version(context.get()) == TLS1_2_VERSION);
        CHECK(SSL_CTX_get_max_proto_version(context.get()) == 0);
        CHECK((::SSL_CTX_get_options(context.get()) & SSL_OP_NO_RENEGOTIATION) != 0);
        auto* const ciphers = ::SSL_CTX_get_ciphers(context.get());
        CHECK(sk_SSL_CIPHER_num(ciphers) >= 8);
        for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); ++i) {
            const auto* const cipher = sk_SSL_CIPHER_value(ciphers, i);
            CAPTURE(::SSL_CIPHER_get_name(cipher));
            CHECK(::SSL_CIPHER_is_aead(cipher) == 1);
            const int exchange = ::SSL_CIPHER_get_kx_nid(cipher);
            CHECK((exchange == NID_kx_ecdhe || exchange == NID_kx_any));
            CHECK(::SSL_CIPHER_get_auth_nid(cipher) != NID_auth_null);
        }
    }
}

TEST_CASE("a certificate makes a server; anybody may be a client") {
    const temporary_folder folder;
    server.save(folder / "both.pem");
    server.save_key(folder / "key.pem");
    CHECK(tls_contexts{{}}.server() == nullptr);
    CHECK(tls_contexts{{}}.client() != nullptr);
    CHECK(tls_contexts{{.certificate_file = folder / "both.pem"}}.server() != nullptr);
    CHECK(tls_contexts{
              {.certificate_file = folder / "both.pem", .private_key_file = folder / "key.pem"}}
              .server() != nullptr);
}

TEST_CASE("a TLS context says which file is wrong, and why") {
    const temporary_folder folder;
    server.save(folder / "server.pem");
    authority.save_key(folder / "other.pem");
    server.save_key(folder / "locked.pem", "secret");
    const auto junk = text_file(folder / "junk.pem", "junk");

    CHECK(refusal({.certificate_file = folder / "none.pem"}) ==
          std::errc::no_such_file_or_directory);
    CHECK(refusal({.certificate_file = junk}).category() == tls_category());
    CHECK(refusal({.certificate_file = folder / "server.pem", .private_key_file = junk}));
    CHECK(refusal(
              {.certificate_file = folder / "server.pem", .private_key_file = folder / "other.pem"})
              .message() == "key values mismatch");
    CHECK(refusal(
        {.certificate_file = folder / "server.pem", .private_key_file = folder / "locked.pem"}));
    CHECK(refusal({.ca_file = junk}));
    CHECK(refusal({.ca_file = folder / "none.pem"}));
    CHECK(refusal({.certificate_file = folder / "server.pem",
                   .clients = client_certificates::optional,
                   .client_ca_file = junk}));
    REQUIRE_THROWS_WITH(tls_contexts{{.certificate_file = junk}}, Catch::Contains(junk));
    REQUIRE_THROWS_AS(tls_contexts{{.clients = client_certificates::required}},
                      std::invalid_argument);
}

TEST_CASE("TLS options that cannot be kept to are refused") {
    const temporary_folder folder;
    server.save(folder / "server.pem");
    CHECK_THROWS_AS(tls_contexts{{.private_key_file = folder / "server.pem"}},
                    std::invalid_argument);
    CHECK_THROWS_AS(tls_contexts({.clients = client_certificates::required}),
                    std::invalid_argument);
    for (const auto* name : {".test", "*.test", "a b",
                             "b\xc3\xbc"
                             "cher.test",
                             "\x7f"}) {
        CAPTURE(name);
        CHECK_THROWS_AS(tls_contexts({.server_name = name}), std::invalid_argument);
    }
    CHECK_THROWS_AS(tls_contexts({.server_name = std::string(256, 'x')}), std::invalid_argument);
    for (const auto* name : {"server.test", "192.0.2.1", "2001:db8::1", "a_b"})
        CHECK_NOTHROW(tls_contexts({.server_name = name}));
}

TEST_CASE("TLS contexts that cannot be loaded again stay as they are") {
    const temporary_folder folder;
    server.save(folder / "server.pem");
    tls_contexts contexts{{.certificate_file = folder / "server.pem"}};
    const auto server_before = contexts.server(), client_before = contexts.client();
    text_file(folder / "server.pem", "half a fi");
    REQUIRE_THROWS_AS(contexts.load(), std::system_error);
    REQUIRE(contexts.server() == server_before);
    REQUIRE(contexts.client() == client_before);
    server.save(folder / "server.pem");
    contexts.load();
    REQUIRE(contexts.server() != server_before);
    REQUIRE(contexts.client() != client_before);
}

TEST_CASE("TLS contexts are loaded in one thread while others use them") {
    const temporary_folder folder;
    server.save(folder / "server.pem");
    tls_contexts contexts{{.certificate_file = folder / "server.pem"}};
    std::thread user{[&] {
        for (int i = 0; i < 1000; ++i) ::SSL_free(::SSL_new(contexts.server().get()));
    }};
    for (int i = 0; i < 20; ++i) contexts.load();
    user.join();
    REQUIRE(contexts.server() != nullptr);
}
