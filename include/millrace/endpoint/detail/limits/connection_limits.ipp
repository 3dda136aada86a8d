#pragma once

#include <millrace/endpoint/detail/limits/connection_limits.hpp>

namespace millrace::detail {

MILLRACE_INLINE bool connection_limits::is_trusted(std::string_view address) const {
    return options_.trusted_addresses.contains(address) ||
           options_.trusted_proxies.contains(address);
}

MILLRACE_INLINE std::size_t connection_limits::excess(const load& now, std::size_t connections,
                                                      std::size_t handshakes,
                                                      bool is_handshake) noexcept {
    return std::max(excess(now.connections, connections),
                    is_handshake ? excess(now.handshakes, handshakes) : 0);
}

MILLRACE_INLINE void connection_limits::add(load& to, bool is_handshake) noexcept {
    ++to.connections;
    if (is_handshake) ++to.handshakes;
}

MILLRACE_INLINE void connection_limits::subtract(load& from, bool is_handshake) noexcept {
    --from.connections;
    if (is_handshake) --from.handshakes;
}

MILLRACE_INLINE connection_limits::key connection_limits::key_of(std::string_view address) const {
    auto ip = parse_ip(address);
    if (!ip || is_trusted(address)) return std::nullopt;
    return counted_as(*ip, options_.ipv6_prefix_bits);
}

MILLRACE_INLINE std::size_t connection_limits::enter(const ip_bytes& address, bool is_handshake,
                                                     std::size_t most) {
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

MILLRACE_INLINE void connection_limits::leave(const ip_bytes& address, bool is_handshake) {
    const auto at = by_address_.find(address);
    subtract(at->second, is_handshake);
    if (at->second.connections == 0) by_address_.erase(at);
}

MILLRACE_INLINE connection_place::connection_place(connection_place&& other) noexcept
    : limits_{std::move(other.limits_)},
      key_{std::exchange(other.key_, std::nullopt)},
      surplus_{other.surplus_},
      is_handshake_{other.is_handshake_},
      is_address_known_{other.is_address_known_} {}

MILLRACE_INLINE bool connection_place::learn(std::string_view address) {
    is_address_known_ = true;
    if (limits_->is_trusted(address)) surplus_ = surplus::none;
    const auto key = limits_->key_of(address);
    return !key || enter(*key, connection_limits::max_told);
}

MILLRACE_INLINE bool connection_place::serve(std::string_view client) {
    leave_address();
    const auto key = limits_->key_of(client);
    return !key || enter(*key, 0);
}

MILLRACE_INLINE void connection_place::leave_address() {
    if (!key_) return;
    const std::lock_guard lock{limits_->mutex_};
    limits_->leave(*std::exchange(key_, std::nullopt), is_handshake_);
}

MILLRACE_INLINE void connection_place::end_handshake() {
    if (!std::exchange(is_handshake_, false)) return;
    const std::lock_guard lock{limits_->mutex_};
    --limits_->all_.handshakes;
    if (key_) --limits_->by_address_.find(*key_)->second.handshakes;
}

MILLRACE_INLINE void connection_place::leave() {
    if (!limits_) return;
    leave_address();
    const auto limits = std::move(limits_);
    const std::lock_guard lock{limits->mutex_};
    connection_limits::subtract(limits->all_, is_handshake_);
}

MILLRACE_INLINE connection_place::connection_place(std::shared_ptr<connection_limits> limits,
                                                   connection_limits::key key, surplus why,
                                                   bool is_address_known)
    : limits_{std::move(limits)}, key_{key}, surplus_{why}, is_address_known_{is_address_known} {}

MILLRACE_INLINE bool connection_place::enter(const ip_bytes& address, std::size_t most) {
    const std::lock_guard lock{limits_->mutex_};
    const auto beyond = limits_->enter(address, is_handshake_, most);
    if (beyond > most) return false;
    key_ = address;
    if (beyond != 0) surplus_ = surplus::address_full;
    return true;
}

MILLRACE_INLINE std::optional<connection_place> connection_limits::accept(
    std::string_view address) {
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
