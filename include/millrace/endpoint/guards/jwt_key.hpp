#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/sha.h>

#include <millrace/core/detail/compiled.hpp>

namespace millrace {

/// What verifies tokens (RFC 7518, section 3.1), each with the one algorithm that it is for.
enum class jwt_algorithm {
    hs256,  ///< HMAC with SHA-256, a secret of at least 32 bytes
    rs256,  ///< RSA (PKCS #1 v1.5) with SHA-256, a public key of at least 2048 bits
    es256,  ///< ECDSA on the curve P-256 with SHA-256
};

struct jwt_key {
    jwt_algorithm algorithm;
    std::string key;  ///< the secret's bytes, or the public key in PEM ("BEGIN PUBLIC KEY")
    std::string
        id{};  ///< only for tokens whose "kid" is this one, or that have none; empty: for all
};

/// Verifies signatures by one key. It may be copied, and used from any thread.
class jwt_verifier {
public:
    /// @throws std::invalid_argument for a key that is not right for its algorithm, also for a PEM
    /// text as a secret: who knows the public key could sign with it.
    explicit jwt_verifier(jwt_key key);

    /// Whether this is the key for a token with such a header.
    [[nodiscard]] bool fits(std::string_view algorithm, const std::string* key_id) const noexcept;

    [[nodiscard]] bool verify(std::string_view text, std::string_view signature) const;

private:
    /// OpenSSL's errors stay with the thread, where TLS would take them for its own.
    struct errors_forgotten {
        errors_forgotten() { ERR_set_mark(); }
        errors_forgotten(const errors_forgotten&) = delete;
        errors_forgotten& operator=(const errors_forgotten&) = delete;
        ~errors_forgotten() { ERR_pop_to_mark(); }
    };

    static void need(bool condition, const char* what) {
        if (!condition) throw std::invalid_argument{std::string{"jwt_key needs: "} + what};
    }

    [[nodiscard]] static const unsigned char* bytes(std::string_view text) noexcept {
        return reinterpret_cast<const unsigned char*>(text.data());
    }

    [[nodiscard]] std::string curve() const;

    [[nodiscard]] bool verify_secret(std::string_view text, std::string_view signature) const;

    [[nodiscard]] bool verify_public(std::string_view text, std::string_view signature) const;

    /// A token has two numbers of 32 bytes (RFC 7518, section 3.4), OpenSSL wants them in DER.
    [[nodiscard]] static std::string der_of(std::string_view signature);

    jwt_key key_;
    std::shared_ptr<EVP_PKEY> public_key_;
};

}  // namespace millrace

#ifndef MILLRACE_COMPILED
#include <millrace/endpoint/guards/jwt_key.ipp>
#endif
