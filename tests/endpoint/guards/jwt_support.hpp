#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <millrace/endpoint/guards/detail/base64url.hpp>

#include "base64url.hpp"

/// Makes keys and signs tokens by OpenSSL, as an issuer of tokens would.
namespace jwt_support {

using key_pair = std::shared_ptr<EVP_PKEY>;

inline key_pair own(EVP_PKEY* key) {
    if (key == nullptr) throw std::runtime_error{"OpenSSL made no key"};
    return {key, EVP_PKEY_free};
}

inline key_pair make_rsa(unsigned bits = 2048) { return own(EVP_RSA_gen(bits)); }
inline key_pair make_ec(const char* curve = "P-256") { return own(EVP_EC_gen(curve)); }

/// A public key of parameters that `push(OSSL_PARAM_BLD*)` adds.
template <class Push>
key_pair from_parameters(const char* type, Push push) {
    const std::unique_ptr<OSSL_PARAM_BLD, decltype(&OSSL_PARAM_BLD_free)> builder{
        OSSL_PARAM_BLD_new(), OSSL_PARAM_BLD_free};
    push(builder.get());
    const std::unique_ptr<OSSL_PARAM, decltype(&OSSL_PARAM_free)> parameters{
        OSSL_PARAM_BLD_to_param(builder.get()), OSSL_PARAM_free};
    const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context{
        EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr), EVP_PKEY_CTX_free};
    EVP_PKEY* key = nullptr;
    EVP_PKEY_fromdata_init(context.get());
    EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get());
    return own(key);
}

/// Of the modulus in a JSON Web Key, with the exponent 65537.
inline key_pair rsa_of(std::string_view modulus) {
    const auto bytes = millrace::detail::decode_base64url(modulus).value();
    const std::unique_ptr<BIGNUM, decltype(&BN_free)> n{
        BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()),
                  static_cast<int>(bytes.size()), nullptr),
        BN_free};
    return from_parameters("RSA", [&](OSSL_PARAM_BLD* to) {
        OSSL_PARAM_BLD_push_BN(to, OSSL_PKEY_PARAM_RSA_N, n.get());
        OSSL_PARAM_BLD_push_ulong(to, OSSL_PKEY_PARAM_RSA_E, 65537);
    });
}

/// Of the coordinates in a JSON Web Key.
inline key_pair p256_of(std::string_view x, std::string_view y) {
    const auto point = '\x04' + millrace::detail::decode_base64url(x).value() +
                       millrace::detail::decode_base64url(y).value();
    return from_parameters("EC", [&](OSSL_PARAM_BLD* to) {
        OSSL_PARAM_BLD_push_utf8_string(to, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
        OSSL_PARAM_BLD_push_octet_string(to, OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
    });
}

template <class Write>
std::string pem_of(Write write) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio{BIO_new(BIO_s_mem()), BIO_free};
    write(bio.get());
    char* text = nullptr;
    const auto size = BIO_get_mem_data(bio.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

inline std::string public_pem(const key_pair& key) {
    return pem_of([&](BIO* to) { PEM_write_bio_PUBKEY(to, key.get()); });
}

inline std::string private_pem(const key_pair& key) {
    return pem_of([&](BIO* to) {
        PEM_write_bio_PrivateKey(to, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
}

inline std::string sign_hs256(std::string_view secret, std::string_view text) {
    std::array<unsigned char, 32> mac{};
    HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac.data(), nullptr);
    return {mac.begin(), mac.end()};
}

/// For RSA, and for EC in DER.
inline std::string sign(const key_pair& key, std::string_view text,
                        const EVP_MD* digest = EVP_sha256()) {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(),
                                                                          EVP_MD_CTX_free};
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    std::string signature(static_cast<std::size_t>(EVP_PKEY_get_size(key.get())), '\0');
    std::size_t size = signature.size();
    if (EVP_DigestSignInit(context.get(), nullptr, digest, nullptr, key.get()) != 1 ||
        EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                       bytes, text.size()) != 1)
        throw std::runtime_error{"OpenSSL did not sign"};
    signature.resize(size);
    return signature;
}

inline std::string sign_es256(const key_pair& key, std::string_view text) {
    const auto der = sign(key, text);
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> numbers{
        d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())), ECDSA_SIG_free};
    std::array<unsigned char, 64> raw{};
    BN_bn2binpad(ECDSA_SIG_get0_r(numbers.get()), raw.data(), 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(numbers.get()), raw.data() + 32, 32);
    return {raw.begin(), raw.end()};
}

/// A token of these JSON texts, signed by `sign(text)`.
template <class Sign>
std::string make_token(std::string_view header, std::string_view claims, Sign sign_text) {
    std::string text = encode_base64url(header) + "." + encode_base64url(claims);
    const std::string signature = sign_text(std::string_view{text});
    return text + "." + encode_base64url(signature);
}

/// The examples of RFC 7515, appendices A.1 to A.3: keys as in their JSON Web Keys.
namespace rfc7515 {

inline constexpr std::string_view claims =
    "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";
inline constexpr long long expires = 1300819380;

inline constexpr std::string_view hs256_secret =
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
inline constexpr std::string_view hs256_token =
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0"
    "dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

inline constexpr std::string_view rs256_modulus =
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4"
    "QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdb"
    "BYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-D"
    "WNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
inline constexpr std::string_view rs256_token =
    "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvb"
    "S9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4B"
    "h-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBA"
    "rLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1p"
    "hCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

inline constexpr std::string_view es256_x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
inline constexpr std::string_view es256_y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
inline constexpr std::string_view es256_token =
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvb"
    "S9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKT"
    "UJqPP3-Kg6NU1Q";

inline std::string secret() { return millrace::detail::decode_base64url(hs256_secret).value(); }
inline std::string rsa_pem() { return public_pem(rsa_of(rs256_modulus)); }
inline std::string ec_pem() { return public_pem(p256_of(es256_x, es256_y)); }

}  // namespace rfc7515

}  // namespace jwt_support
