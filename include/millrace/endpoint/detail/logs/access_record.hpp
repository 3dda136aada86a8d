#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <millrace/endpoint/access_log.hpp>
#include <millrace/endpoint/connection.hpp>
#include <millrace/http/request.hpp>
#include <millrace/http/target_without_secrets.hpp>

namespace millrace::detail {

/// What one connection owes to the access log. `Server` is what the connection belongs to, see
/// `worker`; where that has no access log, nothing of this takes memory or time.
template <class Server, bool IsLogged = Server::has_access_log>
class access_record {
public:
    /// A request's head is there; null for what is none. `sent` are the connection's bytes so far.
    void begin(const Server& to, std::shared_ptr<const http::request> request, std::uint64_t sent) {
        request_ = std::move(request);
        began_ = to.elapsed();
        sent_before_ = sent;
        status_ = 0;
        is_owed_ = true;
    }

    /// Its answer is queued.
    void answer(int status, std::size_t head_bytes) {
        status_ = status;
        sent_before_ += head_bytes;
    }

    /// The answer is sent, or the connection has ended with `sent` bytes in all.
    void end(Server& to, const connection& of, std::uint64_t sent) {
        if (!std::exchange(is_owed_, false)) return;
        auto entry = entry_of(access_entry::kind::request, to, of);
        if (request_ != nullptr) entry.bytes_in = request_->content_length();
        entry.bytes_out = sent > sent_before_ ? sent - sent_before_ : 0;
        write(to, entry);
        request_ = nullptr;
    }

    /// The request has become a WebSocket.
    void open(Server& to, const connection& of) {
        is_owed_ = false;
        write(to, entry_of(access_entry::kind::opened, to, of));
        began_ = to.elapsed();
        // A connection may live for days: a line's worth is kept of its head.
        user_agent_ = user_agent_of(*request_);
        request_ = nullptr;
    }

    /// That has ended.
    void close(Server& to, const connection& of, std::uint64_t received, std::uint64_t sent) {
        auto entry = entry_of(access_entry::kind::closed, to, of);
        entry.method = "GET";
        entry.target = target_;
        entry.version = "HTTP/1.1";
        entry.user_agent = user_agent_;
        entry.status = of.close_code();
        entry.bytes_in = received;
        entry.bytes_out = sent;
        write(to, entry);
    }

private:
    /// Of a target and of a user agent: a line is not to be as long as a head may be.
    static constexpr std::size_t max_text_bytes = 512;

    [[nodiscard]] access_entry entry_of(access_entry::kind what, const Server& to,
                                        const connection& of) {
        access_entry entry{.what = what,
                           .connection = of.id(),
                           .address = of.remote_address(),
                           .principal = of.principal(),
                           .status = status_,
                           .took = to.elapsed() - began_};
        if (request_ != nullptr) {
            target_ = http::target_without_secrets(request_->target()).substr(0, max_text_bytes);
            entry.method = request_->method();
            entry.target = target_;
            entry.version = request_->is_http_1_1() ? "HTTP/1.1" : "HTTP/1.0";
            entry.user_agent = user_agent_of(*request_);
        }
        return entry;
    }

    [[nodiscard]] static std::string_view user_agent_of(const http::request& request) {
        return request.header("User-Agent").substr(0, max_text_bytes);
    }

    static void write(Server& to, const access_entry& entry) { to.write_access(entry); }

    std::shared_ptr<const http::request> request_;
    std::string target_;
    std::string user_agent_;
    std::chrono::nanoseconds began_{};
    std::uint64_t sent_before_ = 0;
    int status_ = 0;
    bool is_owed_ = false;
};

template <class Server>
class access_record<Server, false> {
public:
    void begin(const Server&, const std::shared_ptr<const http::request>&, std::uint64_t) {}
    void answer(int, std::size_t) {}
    void end(Server&, const connection&, std::uint64_t) {}
    void open(Server&, const connection&) {}
    void close(Server&, const connection&, std::uint64_t, std::uint64_t) {}
};

}  // namespace millrace::detail
