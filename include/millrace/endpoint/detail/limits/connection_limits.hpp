#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/endpoint/options.hpp>
#include <millrace/transport/address_list.hpp>

namespace millrace::detail {

/// Whether a connection is one too many, and is told so at its first request.
enum class surplus { none, server_full, address_full };

class connection_place;

/// How many connections there are from accept to close, for all loops: in all, and of each address
/// that is in no trusted list. An IPv6 address counts by its prefix, a mapped IPv4 address as IPv4;
/// what is no IP address, such as a Unix socket's peer, is not counted by address. To be used from
/// any thread. Memory: some 100 bytes an address that has connections.
class connection_limits : public std::enable_shared_from_this<connection_limits> {
public:
    /// The options must outlive all but the places.
    explicit connection_limits(const endpoint_options& options) : options_{options} {}

    /// Takes a connection in. Its address is empty while nobody knows it. Nothing if it is to be
    /// dropped: when so many are told already that there is no place for them.
    [[nodiscard]] std::optional<connection_place> accept(std::string_view address);

private:
    friend connection_place;

    struct load {
        std::size_t connections = 0;
        std::size_t handshakes = 0;  ///< of them, those that have made no request
    };
    using key = std::optional<ip_bytes>;

    /// One address is told so often at a time.
    static constexpr std::size_t max_told = 8;

    [[nodiscard]] bool is_trusted(std::string_view address) const;

    /// By how many one more is beyond a limit.
    [[nodiscard]] static std::size_t excess(std::size_t count, std::size_t limit) noexcept {
        return count < limit ? 0 : count - limit + 1;
    }
    [[nodiscard]] static std::size_t excess(const load& now, std::size_t connections,
                                            std::size_t handshakes, bool is_handshake) noexcept;
    static void add(load& to, bool is_handshake) noexcept;
    static void subtract(load& from, bool is_handshake) noexcept;

    /// What an address counts as; nothing where it does not.
    [[nodiscard]] key key_of(std::string_view address) const;

    /// One more of an address, unless it would be more than `most` beyond its limits. By how many
    /// it is; with the mutex held.
    std::size_t enter(const ip_bytes& address, bool is_handshake, std::size_t most);

    void leave(const ip_bytes& address, bool is_handshake);

    const endpoint_options& options_;
    std::mutex mutex_;
    load all_;
    std::map<ip_bytes, load> by_address_;
};

/// A connection's place in the limits, which it leaves with its end. It belongs to its loop.
class connection_place {
public:
    connection_place(connection_place&& other) noexcept;
    connection_place& operator=(connection_place&&) = delete;
    ~connection_place() { leave(); }

    [[nodiscard]] surplus why_surplus() const noexcept { return surplus_; }
    [[nodiscard]] bool is_address_known() const noexcept { return is_address_known_; }

    /// The transport has learned the peer's address. False if the connection is to be dropped.
    [[nodiscard]] bool learn(std::string_view address);

    /// What a proxy's connection carries is of this client, until `leave_address`. False if the
    /// client has as many connections as it may, and it is not counted then.
    [[nodiscard]] bool serve(std::string_view client);

    void leave_address();

    /// The first request is made.
    void end_handshake();

    void leave();

private:
    friend connection_limits;

    connection_place(std::shared_ptr<connection_limits> limits, connection_limits::key key,
                     surplus why, bool is_address_known);

    bool enter(const ip_bytes& address, std::size_t most);

    std::shared_ptr<connection_limits> limits_;  ///< null once it has left
    connection_limits::key key_;                 ///< the address that it counts for
    surplus surplus_;
    bool is_handshake_ = true;
    bool is_address_known_;
};

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/endpoint/detail/limits/connection_limits.ipp>
#endif
