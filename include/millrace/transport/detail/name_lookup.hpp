#pragma once

#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/address.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/transport/detail/poller.hpp>

namespace millrace::detail {

using tcp_endpoints = std::vector<asio::ip::tcp::endpoint>;

/// An error of getaddrinfo(3).
[[nodiscard]] std::error_code lookup_error(int code) noexcept;

/// What the system's resolver says, in its order; it may take its time.
[[nodiscard]] tcp_endpoints system_addresses(const std::string& host, std::uint16_t port,
                                             std::error_code& error);

/// Looks a host's addresses up without holding up anybody: getaddrinfo(3) cannot be ended, so each
/// call has a thread of its own, which nobody waits for. What comes too late is thrown away.
/// Numeric addresses need none.
///
/// The io_context's thread and the other one meet at an eventfd(2) alone, so that the io_context
/// may go at any time.
class name_lookup {
public:
    /// In the whole process; beyond: `asio::error::host_not_found_try_again`.
    static constexpr int max_threads = 256;

    explicit name_lookup(asio::io_context& io) : io_{io}, done_{io} {}

    /// Calls `f(std::error_code, const tcp_endpoints&)` once, in the io_context's thread; it keeps
    /// this alive. `resolve` is called as `system_addresses` is.
    template <class Handler, class Resolve>
    void start(const std::string& host, std::uint16_t port, Handler f, Resolve resolve) {
        std::error_code error;
        const auto literal = asio::ip::make_address(host, error);
        if (!error) return post(std::move(f), {}, {{literal, port}});
        const auto shared = std::make_shared<answer>();
        error = open(*shared);
        if (!error)
            error = run([shared, host, port, resolve] {
                std::error_code failure;
                tcp_endpoints found;
                try {
                    found = resolve(host, port, failure);
                } catch (const std::bad_alloc&) {
                    failure = asio::error::no_memory;
                }
                shared->set(failure, std::move(found));
            });
        if (error) return post(std::move(f), error, {});
        done_.async_wait(asio::posix::stream_descriptor::wait_read,
                         [shared, f = std::move(f)](std::error_code cancelled) mutable {
                             if (cancelled) return f(cancelled, tcp_endpoints{});
                             const std::lock_guard lock{shared->mutex};
                             f(shared->error, shared->found);
                         });
    }

    /// Ends the look-up at once, with an error.
    void cancel();

private:
    struct answer {
        std::mutex mutex;
        std::error_code error;
        tcp_endpoints found;
        int wake = -1;

        answer() = default;
        answer(const answer&) = delete;
        answer& operator=(const answer&) = delete;
        ~answer() {
            if (wake != -1) ::close(wake);
        }

        void set(std::error_code failure, tcp_endpoints addresses);
    };

    /// One end is the io_context's, the other the thread's.
    std::error_code open(answer& shared);

    template <class Function>
    static std::error_code run(Function f) {
        if (threads.fetch_add(1) >= max_threads) {
            threads.fetch_sub(1);
            return asio::error::host_not_found_try_again;
        }
        // Signals are for the threads that the program knows of.
        ::sigset_t all, before;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before);
        std::error_code error;
        try {
            std::thread{[f = std::move(f)] {
                f();
                threads.fetch_sub(1);
            }}.detach();
        } catch (const std::system_error& e) {
            error = e.code();
            threads.fetch_sub(1);
        }
        ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
        return error;
    }

    template <class Handler>
    void post(Handler f, std::error_code error, tcp_endpoints found) {
        asio::post(io_, [f = std::move(f), error, found = std::move(found)]() mutable {
            f(error, found);
        });
    }

    inline static std::atomic<int> threads{0};  ///< at work now

    asio::io_context& io_;
    asio::posix::stream_descriptor done_;
};

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/transport/detail/name_lookup.ipp>
#endif
