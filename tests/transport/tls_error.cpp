#include <millrace/transport/tls_error.hpp>

#include <openssl/evp.h>
#include <openssl/pem.h>

#include <cerrno>

#include "catch.hpp"

using namespace millrace;

TEST_CASE("TLS errors have OpenSSL's words") {
    const std::error_code truncated = tls_errc::truncated;
    CHECK(truncated == tls_errc::truncated);
    CHECK(truncated.category() == tls_category());
    CHECK(truncated.message() == "unexpected eof while reading");
    CHECK(std::string{truncated.category().name()} == "tls");
    CHECK(std::error_code(1, tls_category()).message() == "TLS error 1");
    CHECK(std::error_code(X509_V_ERR_HOSTNAME_MISMATCH, certificate_category()).message() ==
          "hostname mismatch");
}

TEST_CASE("the oldest error of OpenSSL's queue is taken, and the queue is empty then") {
    ERR_raise(ERR_LIB_SSL, SSL_R_UNEXPECTED_EOF_WHILE_READING);
    ERR_raise(ERR_LIB_SSL, SSL_R_BAD_LENGTH);
    CHECK(detail::take_tls_error() == tls_errc::truncated);
    CHECK(::ERR_peek_error() == 0);
    CHECK(!detail::take_tls_error());
}

TEST_CASE("a system's error in OpenSSL's queue is the system's") {
    CHECK(::BIO_new_file("/nowhere/at/all", "r") == nullptr);
    CHECK(detail::take_tls_error() == std::errc::no_such_file_or_directory);
}
