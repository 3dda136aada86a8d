#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <millrace/core/timestamp.hpp>
#include <millrace/pipeline/pipeline_stats.hpp>
#include <millrace/storage/storage.hpp>

namespace millrace {

/// What happened on an endpoint so far. Numbers only grow, but for `connections`.
struct endpoint_counters {
    std::uint64_t connections = 0;       ///< open now
    std::uint64_t accepted = 0;          ///< connections taken
    std::uint64_t refused = 0;           ///< connections beyond a limit
    std::uint64_t denied = 0;            ///< requests that a guard refused
    std::uint64_t accept_errors = 0;     ///< failures to accept, such as no descriptor left
    std::uint64_t http_requests = 0;     ///< answered without an upgrade
    std::uint64_t upgrades = 0;          ///< WebSocket connections opened
    std::uint64_t messages_in = 0;       ///< text and binary messages
    std::uint64_t bytes_in = 0;          ///< read from connections
    std::uint64_t frames_out = 0;        ///< frames queued to be sent
    std::uint64_t bytes_out = 0;         ///< written to connections
    std::uint64_t frames_dropped = 0;    ///< dropped for a consumer too slow
    std::uint64_t slow_disconnects = 0;  ///< connections closed for a consumer too slow
    std::uint64_t floods = 0;            ///< connections closed for too many frames
    std::uint64_t protocol_errors = 0;   ///< connections closed for breaking the protocol
    std::uint64_t timeouts = 0;          ///< connections closed by a timeout
    std::uint64_t handler_errors = 0;    ///< exceptions out of handlers
};

/// Everything that an endpoint tells about itself at one moment.
struct endpoint_snapshot {
    struct pipeline {
        std::string_view input;
        pipeline_stats stats;
    };
    struct topic {
        std::string_view name;
        std::uint64_t records = 0;
        std::uint64_t subscribers = 0;
        std::optional<storage_stats> storage{};
    };

    endpoint_counters counters;
    std::vector<pipeline> pipelines;
    std::vector<topic> topics;
};

/// The Metrics policy tells operators what an endpoint counts: a type with
/// `static constexpr std::string_view content_type` and
/// `static void write(const endpoint_snapshot&, std::string& out)`, which answers /metrics.
template <class M>
concept metrics = requires(const endpoint_snapshot& snapshot, std::string& out) {
    std::string_view{M::content_type};
    M::write(snapshot, out);
};

/// Stops the compiler when `M` is no metrics policy.
template <class M>
consteval void require_metrics() {
    static_assert(metrics<M>,
                  "metrics needs: content_type and static void write(const endpoint_snapshot&, "
                  "std::string&) (see millrace/endpoint/metrics.hpp)");
}

/// No /metrics.
struct null_metrics {
    static constexpr std::string_view content_type{};
    static void write(const endpoint_snapshot&, std::string&) {}
};

}  // namespace millrace
