#pragma once

#include <millrace/endpoint/guards/jwt_key.hpp>

namespace millrace {

MILLRACE_INLINE jwt_verifier::jwt_verifier(jwt_key key) : key_{std::move(key)} {
    const errors_forgotten after;
    if (key_.algorithm == jwt_algorithm::hs256) {
        need(key_.key.find("-----BEGIN ") == key_.key.npos, "a secret, not a PEM text");
        need(key_.key.size() >= 32, "a secret of at least 32 bytes");
        return;
    }
    const std::unique_ptr<BIO, decltype(&BIO_free)> pem{
        BIO_new_mem_buf(key_.key.data(), static_cast<int>(key_.key.size())), BIO_free};
    public_key_ = {PEM_read_bio_PUBKEY(pem.get(), nullptr, nullptr, nullptr), EVP_PKEY_free};
    need(public_key_ != nullptr, "a public key in PEM");
    if (key_.algorithm == jwt_algorithm::rs256) {
        need(EVP_PKEY_is_a(public_key_.get(), "RSA") == 1, "an RSA key for RS256");
        need(EVP_PKEY_get_bits(public_key_.get()) >= 2048, "an RSA key of at least 2048 bits");
    } else {
        need(EVP_PKEY_is_a(public_key_.get(), "EC") == 1 && curve() == "prime256v1",
             "a key on P-256 for ES256");
    }
}

MILLRACE_INLINE bool jwt_verifier::fits(std::string_view algorithm,
                                        const std::string* key_id) const noexcept {
    constexpr std::array<std::string_view, 3> names{"HS256", "RS256", "ES256"};
    return algorithm == names[static_cast<std::size_t>(key_.algorithm)] &&
           (key_.id.empty() || key_id == nullptr || *key_id == key_.id);
}

MILLRACE_INLINE bool jwt_verifier::verify(std::string_view text, std::string_view signature) const {
    const errors_forgotten after;
    switch (key_.algorithm) {
        case jwt_algorithm::hs256: return verify_secret(text, signature);
        case jwt_algorithm::rs256: return verify_public(text, signature);
        case jwt_algorithm::es256: return verify_public(text, der_of(signature));
    }
    return false;
}

MILLRACE_INLINE std::string jwt_verifier::curve() const {
    std::array<char, 64> name{};
    EVP_PKEY_get_group_name(public_key_.get(), name.data(), name.size(), nullptr);
    return name.data();
}

MILLRACE_INLINE bool jwt_verifier::verify_secret(std::string_view text,
                                                 std::string_view signature) const {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> expected{};
    const auto* made = HMAC(EVP_sha256(), key_.key.data(), static_cast<int>(key_.key.size()),
                            bytes(text), text.size(), expected.data(), nullptr);
    return made != nullptr && signature.size() == expected.size() &&
           CRYPTO_memcmp(signature.data(), expected.data(), expected.size()) == 0;
}

MILLRACE_INLINE bool jwt_verifier::verify_public(std::string_view text,
                                                 std::string_view signature) const {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(),
                                                                          EVP_MD_CTX_free};
    return context != nullptr &&
           EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, public_key_.get()) ==
               1 &&
           EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(text),
                            text.size()) == 1;
}

MILLRACE_INLINE std::string jwt_verifier::der_of(std::string_view signature) {
    if (signature.size() != 64) return {};
    const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> numbers{ECDSA_SIG_new(),
                                                                        ECDSA_SIG_free};
    ECDSA_SIG_set0(numbers.get(), BN_bin2bn(bytes(signature), 32, nullptr),
                   BN_bin2bn(bytes(signature) + 32, 32, nullptr));
    std::array<unsigned char, 80> der{};
    unsigned char* end = der.data();
    i2d_ECDSA_SIG(numbers.get(), &end);
    return {der.data(), end};
}

}  // namespace millrace
