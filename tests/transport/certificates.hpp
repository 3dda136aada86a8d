#pragma once

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>

/// A certificate with its key, for tests; made afresh, so that no file of a key is in the project.
class certificate {
public:
    /// For which names (`"DNS:localhost,IP:127.0.0.1"`), and for how long from now.
    struct details {
        std::string common_name{};
        std::string names{};
        long seconds = 3600;
    };

    /// An authority of its own.
    explicit certificate(const std::string& common_name) : certificate{{common_name}, nullptr} {}

    [[nodiscard]] certificate issue(const details& d) const { return {d, this}; }

    /// The certificate and its key.
    void save(const std::string& path) const {
        const auto file = open(path);
        require(::PEM_write_X509(file.get(), certificate_.get()) == 1);
        require(::PEM_write_PrivateKey(file.get(), key_.get(), nullptr, nullptr, 0, nullptr,
                                       nullptr) == 1);
    }

    void save_key(const std::string& path, std::string password = {}) const {
        const auto file = open(path);
        require(::PEM_write_PrivateKey(file.get(), key_.get(),
                                       password.empty() ? nullptr : ::EVP_aes_128_cbc(), nullptr, 0,
                                       nullptr, password.empty() ? nullptr : password.data()) == 1);
    }

private:
    certificate(const details& d, const certificate* issuer)
        : key_{EVP_EC_gen("P-256"), ::EVP_PKEY_free}, certificate_{::X509_new(), ::X509_free} {
        static long serial = 0;
        X509* const made = certificate_.get();
        require(made != nullptr && key_ != nullptr);
        require(::X509_set_version(made, 2) == 1);
        require(::ASN1_INTEGER_set(::X509_get_serialNumber(made), ++serial) == 1);
        ::X509_gmtime_adj(X509_getm_notBefore(made), d.seconds < 0 ? 2 * d.seconds : -60);
        ::X509_gmtime_adj(X509_getm_notAfter(made), d.seconds);
        require(::X509_set_pubkey(made, key_.get()) == 1);
        add_name("O", "Example");
        add_name("CN", d.common_name);
        const certificate& by = issuer != nullptr ? *issuer : *this;
        require(::X509_set_issuer_name(made, X509_get_subject_name(by.certificate_.get())) == 1);
        add_extension(NID_basic_constraints, issuer != nullptr ? "CA:FALSE" : "critical,CA:TRUE");
        if (!d.names.empty()) add_extension(NID_subject_alt_name, d.names);
        require(::X509_sign(made, by.key_.get(), ::EVP_sha256()) != 0);
    }

    static void require(bool is_done) {
        if (!is_done) throw std::runtime_error("no certificate");
    }

    static std::shared_ptr<std::FILE> open(const std::string& path) {
        std::shared_ptr<std::FILE> file{std::fopen(path.c_str(), "w"),
                                        [](std::FILE* f) { return f ? std::fclose(f) : 0; }};
        require(file != nullptr);
        return file;
    }

    void add_name(const char* field, const std::string& value) {
        require(::X509_NAME_add_entry_by_txt(::X509_get_subject_name(certificate_.get()), field,
                                             MBSTRING_UTF8,
                                             reinterpret_cast<const unsigned char*>(value.data()),
                                             static_cast<int>(value.size()), -1, 0) == 1);
    }

    void add_extension(int nid, const std::string& value) {
        const std::shared_ptr<X509_EXTENSION> extension{
            ::X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str()), ::X509_EXTENSION_free};
        require(extension != nullptr &&
                ::X509_add_ext(certificate_.get(), extension.get(), -1) == 1);
    }

    std::shared_ptr<EVP_PKEY> key_;
    std::shared_ptr<X509> certificate_;
};
