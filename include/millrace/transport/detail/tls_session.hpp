#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <system_error>
#include <utility>

#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include <millrace/transport/detail/callback.hpp>
#include <millrace/transport/detail/tls_bio.hpp>
#include <millrace/transport/tls_error.hpp>

namespace millrace::detail {

struct ssl_deleter {
    void operator()(SSL* ssl) const noexcept { ::SSL_free(ssl); }
};
using ssl_pointer = std::unique_ptr<SSL, ssl_deleter>;

/// One TLS connection over the stream `Lower`, kept alive by what waits.
///
/// OpenSSL's output always finds room: what the stream below does not take at once waits in `out_`,
/// so that OpenSSL itself only ever waits for input.
template <class Lower>
class tls_session : public std::enable_shared_from_this<tls_session<Lower>> {
public:
    /// `ssl` has been told its role.
    tls_session(asio::io_context& io, ssl_pointer ssl, Lower lower)
        : io_{io}, lower_{std::move(lower)}, ssl_{std::move(ssl)} {
        BIO* const below = bio::make(*this);
        if (below == nullptr) throw std::bad_alloc{};
        ::SSL_set_bio(ssl_.get(), below, below);
    }

    std::size_t read_some(std::span<char> to, std::error_code& error) {
        error = failure_;
        if (error || !shake_hands(error)) return 0;
        std::size_t count = 0;
        while (count != to.size() && (count == 0 || ::SSL_has_pending(ssl_.get()) == 1)) {
            std::size_t size = 0;
            ::ERR_clear_error();
            const auto rest = to.subspan(count);
            const int result = ::SSL_read_ex(ssl_.get(), rest.data(), rest.size(), &size);
            has_input_ = result == 1;
            if (!has_input_) {
                error = outcome(result);
                break;
            }
            count += size;
        }
        if (count != 0) error.clear();  // it will be said again
        return count;
    }

    std::size_t write_some(std::span<const asio::const_buffer> from, std::error_code& error) {
        error = is_broken() ? failure_ : std::error_code{};
        if (is_shut_ && !error) error = asio::error::broken_pipe;
        if (error || !shake_hands(error)) return 0;
        flush(error);
        if (error) return 0;
        std::size_t count = std::exchange(is_byte_owed_, false) ? 1 : 0;
        std::array<char, SSL3_RT_MAX_PLAIN_LENGTH> record;
        while (const std::size_t size = gather(from, count, record)) {
            std::size_t written = 0;
            ::ERR_clear_error();
            const int result = ::SSL_write_ex(ssl_.get(), record.data(), size, &written);
            if (result != 1) {
                const auto failed = outcome(result);
                if (count == 0) error = failed;
                break;
            }
            count += size;
            if (!out_.empty()) return owe_byte(size) ? count - 1 : count;
        }
        return count;
    }

    void wait_readable(callback f) {
        if (failure_ || can_start() || (has_input_ && ::SSL_has_pending(ssl_.get()) == 1))
            return post(std::move(f));
        reader_ = std::move(f);
        arm_read();
    }

    void wait_writable(callback f) {
        if (is_broken() || can_start()) return post(std::move(f));
        writer_ = std::move(f);
        is_established_ ? arm_write() : arm_read();
    }

    void shutdown() {
        if (std::exchange(is_shut_, true)) return;
        ::ERR_clear_error();
        if (is_established_ && !is_broken()) ::SSL_shutdown(ssl_.get());
        if (out_.empty()) lower_.shutdown();
    }

    void close() {
        failure_ = asio::error::bad_descriptor;
        lower_.close();
        wake(asio::error::operation_aborted);
    }

    [[nodiscard]] bool is_established() const noexcept { return is_established_; }
    [[nodiscard]] SSL* ssl() const noexcept { return ssl_.get(); }
    [[nodiscard]] const Lower& lower() const noexcept { return lower_; }

private:
    friend struct tls_bio<tls_session>;
    using bio = tls_bio<tls_session>;

    /// More than a handshake says at once; a peer that has it said again and again does not read.
    static constexpr std::size_t max_out_bytes = 256 * 1024;

    /// Of the peer's; OpenSSL itself would gather twice as much. Beyond:
    /// `asio::error::message_size`.
    static constexpr std::size_t max_handshake_bytes = 64 * 1024;

    // For the BIO.

    int read(char* to, std::size_t size) {
        std::error_code error;
        const std::size_t count = lower_.read_some({to, size}, error);
        is_at_end_ = error == asio::error::eof;
        if (error == asio::error::would_block) return bio::blocked;
        if (!is_established_ && (handshake_bytes_ += count) > max_handshake_bytes)
            error = asio::error::message_size;
        if (!error || is_at_end_) return static_cast<int>(count);
        lower_error_ = error;
        return bio::failed;
    }

    int write(const char* from, std::size_t size) noexcept try {
        std::error_code error;
        std::size_t count = 0;
        if (out_.empty()) count = write_lower(from, size, error);
        if (out_.size() + size - count > max_out_bytes) error = asio::error::no_buffer_space;
        if (error && error != asio::error::would_block) {
            lower_error_ = error;
            return bio::failed;
        }
        out_.append(from + count, size - count);
        if (!out_.empty()) arm_write();
        return static_cast<int>(size);
    } catch (const std::bad_alloc&) {
        lower_error_ = asio::error::no_memory;
        return bio::failed;
    }

    [[nodiscard]] bool is_at_end() const noexcept { return is_at_end_; }

    std::size_t write_lower(const char* from, std::size_t size, std::error_code& error) {
        const std::array<asio::const_buffer, 1> parts{asio::buffer(from, size)};
        return lower_.write_some(parts, error);
    }

    /// The peer's regular end of its output leaves this end's.
    [[nodiscard]] bool is_broken() const noexcept {
        return failure_ && failure_ != asio::error::eof;
    }

    /// A client speaks first.
    [[nodiscard]] bool can_start() const noexcept {
        return !is_started_ && ::SSL_is_server(ssl_.get()) == 0;
    }

    /// Goes on with the handshake. False, with an error, until it is done.
    bool shake_hands(std::error_code& error) {
        if (is_established_) return true;
        is_started_ = true;
        ::ERR_clear_error();
        const int result = ::SSL_do_handshake(ssl_.get());
        if (result != 1) {
            error = outcome(result);
            return false;
        }
        // Whoever waited did so for the handshake; its last read may have brought more than that.
        is_established_ = has_input_ = true;
        wake();
        return true;
    }

    /// What an operation of OpenSSL that did not succeed comes to.
    std::error_code outcome(int result) {
        switch (::SSL_get_error(ssl_.get(), result)) {
            case SSL_ERROR_WANT_READ: return asio::error::would_block;
            case SSL_ERROR_ZERO_RETURN: return failure_ = asio::error::eof;
            case SSL_ERROR_SSL: failure_ = tls_failure(); break;
            default: failure_ = lower_error_ ? lower_error_ : tls_errc::truncated;
        }
        wake();
        return failure_;
    }

    std::error_code tls_failure() const noexcept {
        const bool is_distrust =
            ERR_GET_REASON(::ERR_peek_error()) == SSL_R_CERTIFICATE_VERIFY_FAILED;
        const auto taken = take_tls_error();
        if (!is_distrust) return taken;
        return {static_cast<int>(::SSL_get_verify_result(ssl_.get())), certificate_category()};
    }

    /// Fills `record` with what follows the first `begin` bytes.
    static std::size_t gather(std::span<const asio::const_buffer> from, std::size_t begin,
                              std::span<char> record) noexcept {
        std::size_t filled = 0, last = 0;
        for (const auto& part : from) {
            const std::size_t skipped = std::min(begin, part.size());
            begin -= skipped;
            const std::size_t size = std::min(part.size() - skipped, record.size() - filled);
            if (size == 0) continue;
            std::memcpy(record.data() + filled, static_cast<const char*>(part.data()) + skipped,
                        size);
            filled += size;
            last = size;
        }
        // See owe_byte: it must not be a buffer's only one.
        return last == 1 && filled > 1 ? filled - 1 : filled;
    }

    /// A record of `size` bytes is under way, and the system has not taken all of it. The caller
    /// hears of its last byte when that is the case, and so neither ends the connection too early
    /// nor takes back a buffer of which a part is encrypted.
    bool owe_byte(std::size_t size) noexcept { return is_byte_owed_ = size > 1; }

    void flush(std::error_code& error) {
        std::size_t begin = 0;
        while (!error && begin != out_.size())
            begin += write_lower(out_.data() + begin, out_.size() - begin, error);
        begin == out_.size() ? std::string{}.swap(out_) : void(out_.erase(0, begin));
        if (out_.empty() && is_shut_) lower_.shutdown();
    }

    void arm_read() {
        if (std::exchange(is_reading_, true)) return;
        lower_.async_wait_readable([self = this->shared_from_this()](std::error_code error) {
            self->is_reading_ = false;
            auto reader = std::exchange(self->reader_, {});
            auto writer = self->is_established_ ? callback{} : std::exchange(self->writer_, {});
            if (reader) reader(error);
            if (writer) writer(error);
        });
    }

    void arm_write() {
        if (std::exchange(is_writing_, true)) return;
        lower_.async_wait_writable([self = this->shared_from_this()](std::error_code error) {
            self->is_writing_ = false;
            self->on_lower_writable(error);
        });
    }

    void on_lower_writable(std::error_code error) {
        std::error_code failed;
        if (!error) flush(failed);
        if (!error && failed == asio::error::would_block) return arm_write();
        if (failed && !failure_) failure_ = failed;
        if (failed) return wake();
        if (!is_established_ && !error) return;
        if (auto writer = std::exchange(writer_, {})) writer(error);
    }

    void wake(std::error_code error = {}) {
        if (reader_) post(std::exchange(reader_, {}), error);
        if (writer_) post(std::exchange(writer_, {}), error);
    }

    void post(callback f, std::error_code error = {}) {
        asio::post(io_, [f = std::move(f), error]() mutable { f(error); });
    }

    asio::io_context& io_;
    Lower lower_;
    ssl_pointer ssl_;
    std::string out_;  ///< encrypted, for the stream below
    callback reader_;
    callback writer_;
    std::error_code failure_;      ///< how it ended; no more can be read
    std::error_code lower_error_;  ///< of the stream below
    std::size_t handshake_bytes_ = 0;
    bool is_started_ = false;
    bool is_established_ = false;
    bool has_input_ = false;  ///< the last read was not in vain, the next may not be either
    bool is_reading_ = false;
    bool is_writing_ = false;
    bool is_byte_owed_ = false;
    bool is_shut_ = false;
    bool is_at_end_ = false;
};

}  // namespace millrace::detail
