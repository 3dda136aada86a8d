#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

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

    [[nodiscard]] bool is_trusted(std::string_view address) const {
        return options_.trusted_addresses.contains(address) ||
               options_.trusted_proxies.contains(address);
    }

    /// By how many one more is beyond a limit.
    [[nodiscard]] static std::size_t excess(std::size_t count, std::size_t limit) noexcept {
        return count < limit ? 0 : count - limit + 1;
    }
    [[nodiscard]] static std::size_t excess(const load& now, std::size_t connections,
                                            std::size_t handshakes, bool is_handshake) noexcept {
        return std::max(excess(now.connections, connections),
                        is_handshake ? excess(now.handshakes, handshakes) : 0);
    }
    static void add(load& to, bool is_handshake) noexcept {
        ++to.connections;
        if (is_handshake) ++to.handshakes;
    }
    static void subtract(load& from, bool is_handshake) noexcept {
        --from.connections;
        if (is_handshake) --from.handshakes;
    }

    /// What an address counts as; nothing where it does not.
    [[nodiscard]] key key_of(std::string_view address) const {
        auto ip = parse_ip(address);
        if (!ip || is_trusted(address)) return std::nullopt;
        return counted_as(*ip, options_.ipv6_prefix_bits);
    }

    /// One more of an address, unless it would be more than `most` beyond its limits. By how many
    /// it is; with the mutex held.
    std::size_t enter(const ip_bytes& address, bool is_handshake, std::size_t most) {
        const auto at = by_address_.try_emplace(address).first;
        const auto beyond = excess(at->second, options_.max_connections_per_address,
                                   options_.max_handshakes_per_address, is_handshake);
        if (beyond <= most) {
            add(at->second, is_handshake);
        } else if (at->second.connections == 0) {
            by_address_.erase(at);
        }
        return beyond;
    }

    void leave(const ip_bytes& address, bool is_handshake) {
        const auto at = by_address_.find(address);
        subtract(at->second, is_handshake);
        if (at->second.connections == 0) by_address_.erase(at);
    }

    const endpoint_options& options_;
    std::mutex mutex_;
    load all_;
    std::map<ip_bytes, load> by_address_;
};

/// A connection's place in the limits, which it leaves with its end. It belongs to its loop.
class connection_place {
public:
    connection_place(connection_place&& other) noexcept
        : limits_{std::move(other.limits_)},
          key_{std::exchange(other.key_, std::nullopt)},
          surplus_{other.surplus_},
          is_handshake_{other.is_handshake_},
          is_address_known_{other.is_address_known_} {}
    connection_place& operator=(connection_place&&) = delete;
    ~connection_place() { leave(); }

    [[nodiscard]] surplus why_surplus() const noexcept { return surplus_; }
    [[nodiscard]] bool is_address_known() const noexcept { return is_address_known_; }

    /// The transport has learned the peer's address. False if the connection is to be dropped.
    [[nodiscard]] bool learn(std::string_view address) {
        is_address_known_ = true;
        if (limits_->is_trusted(address)) surplus_ = surplus::none;
        const auto key = limits_->key_of(address);
        return !key || enter(*key, connection_limits::max_told);
    }

    /// What a proxy's connection carries is of this client, until `leave_address`. False if the
    /// client has as many connections as it may, and it is not counted then.
    [[nodiscard]] bool serve(std::string_view client) {
        leave_address();
        const auto key = limits_->key_of(client);
        return !key || enter(*key, 0);
    }

    void leave_address() {
        if (!key_) return;
        const std::lock_guard lock{limits_->mutex_};
        limits_->leave(*std::exchange(key_, std::nullopt), is_handshake_);
    }

    /// The first request is made.
    void end_handshake() {
        if (!std::exchange(is_handshake_, false)) return;
        const std::lock_guard lock{limits_->mutex_};
        --limits_->all_.handshakes;
        if (key_) --limits_->by_address_.find(*key_)->second.handshakes;
    }

    void leave() {
        if (!limits_) return;
        leave_address();
        const auto limits = std::move(limits_);
        const std::lock_guard lock{limits->mutex_};
        connection_limits::subtract(limits->all_, is_handshake_);
    }

private:
    friend connection_limits;

    connection_place(std::shared_ptr<connection_limits> limits, connection_limits::key key,
                     surplus why, bool is_address_known)
        : limits_{std::move(limits)},
          key_{key},
          surplus_{why},
          is_address_known_{is_address_known} {}

    bool enter(const ip_bytes& address, std::size_t most) {
        const std::lock_guard lock{limits_->mutex_};
        const auto beyond = limits_->enter(address, is_handshake_, most);
        if (beyond > most) return false;
        key_ = address;
        if (beyond != 0) surplus_ = surplus::address_full;
        return true;
    }

    std::shared_ptr<connection_limits> limits_;  ///< null once it has left
    connection_limits::key key_;                 ///< the address that it counts for
    surplus surplus_;
    bool is_handshake_ = true;
    bool is_address_known_;
};

inline std::optional<connection_place> connection_limits::accept(std::string_view address) {
    const bool is_kept_for = is_trusted(address);
    const auto counted = key_of(address);
    const auto room =
        is_kept_for ? options_.reserved_connections : options_.reserved_connections / 2;
    const std::lock_guard lock{mutex_};
    const auto beyond = excess(all_, options_.max_connections, options_.max_handshakes, true);
    if (beyond > room) return std::nullopt;
    auto why = beyond != 0 && !is_kept_for ? surplus::server_full : surplus::none;
    if (counted) {
        const auto beyond_own = enter(*counted, true, max_told);
        if (beyond_own > max_told) return std::nullopt;
        if (beyond_own != 0) why = surplus::address_full;
    }
    add(all_, true);
    return connection_place{shared_from_this(), counted, why, !address.empty()};
}

}  // namespace millrace::detail
