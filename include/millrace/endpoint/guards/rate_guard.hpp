#pragma once

#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string_view>
#include <utility>

#include <millrace/core/clock.hpp>
#include <millrace/core/detail/token_bucket.hpp>
#include <millrace/core/error.hpp>
#include <millrace/core/keyed_map.hpp>
#include <millrace/endpoint/guard.hpp>
#include <millrace/http/request.hpp>
#include <millrace/transport/address_list.hpp>

namespace millrace {

struct rate_settings {
    double per_second = 10;              ///< requests of one address, in the long run
    std::int64_t burst = 20;             ///< and at once
    std::size_t max_addresses = 16'384;  ///< that are remembered
};

/// Limits the requests of each address by a `token_bucket`; beyond it they get 429. IPv6 addresses
/// count as one by their first 64 bits, which is the least that one host has to itself; all that is
/// no IP address counts as one.
///
/// When a new address finds half of `max_addresses` seen lately, those not seen since the last such
/// time are forgotten. Copies share one table, and may be used from any thread. Complexity:
/// constant, amortised. Memory: about 100 bytes an address.
///
/// @tparam Clock see millrace/core/clock.hpp
template <clock Clock = system_clock>
class basic_rate_guard {
public:
    /// @throws std::invalid_argument for settings that no `token_bucket` takes, and for fewer than
    /// 2 addresses.
    basic_rate_guard(rate_settings settings = {}, Clock time = {})
        : table_{std::make_shared<table>(settings)}, clock_{std::move(time)} {}

    [[nodiscard]] verdict admit(const http::request&, std::string_view remote_address) const {
        if (table_->take(key_of(remote_address), clock_.elapsed())) return {};
        return {errc::too_many_requests, "too many requests from this address"};
    }

private:
    class table {
    public:
        explicit table(const rate_settings& settings)
            : full_{settings.per_second, settings.burst}, max_young_{settings.max_addresses / 2} {
            if (max_young_ == 0)
                throw std::invalid_argument{"rate_guard: max_addresses must be at least 2"};
        }

        [[nodiscard]] bool take(std::uint64_t key, std::chrono::nanoseconds now) {
            const std::lock_guard lock{mutex_};
            auto at = young_.find(key);
            if (at == young_.end()) {
                const auto known = old_.find(key);
                const detail::token_bucket bucket = known != old_.end() ? known->second : full_;
                if (young_.size() == max_young_) old_ = std::exchange(young_, {});
                at = young_.emplace(key, bucket).first;
            }
            return at->second.take(now);
        }

    private:
        const detail::token_bucket full_;
        const std::size_t max_young_;
        std::mutex mutex_;
        detail::keyed_map<std::uint64_t, detail::token_bucket>
            young_;  // becomes the old one when it is full
        detail::keyed_map<std::uint64_t, detail::token_bucket> old_;
    };

    /// Half of the address in IPv6 form: the first, or the second where the first is 0, as in
    /// IPv4's and the loopback's. No other address begins with 16 bits of 0, so that no two meet.
    [[nodiscard]] static std::uint64_t key_of(std::string_view address) noexcept {
        const auto ip = detail::parse_ip(address).value_or(detail::ip_bytes{});
        const auto [first, second] = std::bit_cast<std::array<std::uint64_t, 2>>(ip);
        return first != 0 ? first : second;
    }

    std::shared_ptr<table> table_;
    Clock clock_;
};

using rate_guard = basic_rate_guard<>;

}  // namespace millrace
