#pragma once

#include <openssl/bio.h>

#include <cstddef>

namespace millrace::detail {

/// OpenSSL's way to the stream below: a BIO over `End`, which has
/// `int read(char*, std::size_t)`: bytes, 0 at the end, `blocked` or `failed`,
/// `int write(const char*, std::size_t)`: as many, or `failed`, and `bool is_at_end()`.
template <class End>
struct tls_bio {
    static constexpr int failed = -1;
    static constexpr int blocked = -2;

    /// Null without memory. `end` outlives it.
    [[nodiscard]] static BIO* make(End& end) noexcept {
        // Never freed, for SSL objects of static duration may use it to the last.
        static const BIO_METHOD* const method = make_method();
        BIO* const made = method != nullptr ? ::BIO_new(method) : nullptr;
        if (made == nullptr) return nullptr;
        ::BIO_set_data(made, &end);
        ::BIO_set_init(made, 1);
        return made;
    }

private:
    [[nodiscard]] static const BIO_METHOD* make_method() noexcept {
        BIO_METHOD* const made =
            ::BIO_meth_new(::BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "millrace stream");
        if (made == nullptr) return nullptr;
        ::BIO_meth_set_read(made, read);
        ::BIO_meth_set_write(made, write);
        ::BIO_meth_set_ctrl(made, control);
        return made;
    }

    [[nodiscard]] static End& end_of(BIO* bio) noexcept {
        return *static_cast<End*>(::BIO_get_data(bio));
    }

    static int read(BIO* bio, char* to, int size) noexcept {
        BIO_clear_retry_flags(bio);
        const int outcome = end_of(bio).read(to, static_cast<std::size_t>(size));
        if (outcome == blocked) BIO_set_retry_read(bio);
        return outcome == blocked ? failed : outcome;
    }

    static int write(BIO* bio, const char* from, int size) noexcept {
        BIO_clear_retry_flags(bio);
        return end_of(bio).write(from, static_cast<std::size_t>(size));
    }

    static long control(BIO* bio, int command, long, void*) noexcept {
        switch (command) {
            case BIO_CTRL_FLUSH: return 1;
            case BIO_CTRL_EOF: return end_of(bio).is_at_end() ? 1 : 0;
            default: return 0;
        }
    }
};

}  // namespace millrace::detail
