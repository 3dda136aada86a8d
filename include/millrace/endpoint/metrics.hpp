#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <millrace/core/timestamp.hpp>
#include <millrace/pipeline/pipeline_stats.hpp>
#include <millrace/pipeline/stage_stats.hpp>
#include <millrace/storage/storage.hpp>

namespace millrace {

/// What happened on an endpoint so far. Numbers only grow, but for `connections` and
/// `memory_bytes`.
template <class Number>
struct basic_endpoint_counters {
    Number connections{};       ///< open now
    Number accepted{};          ///< connections taken
    Number refused{};           ///< connections, and requests by way of a proxy, beyond a limit
    Number denied{};            ///< requests that a guard or an authorisation rule refused
    Number accept_errors{};     ///< failures to accept, such as no descriptor left
    Number http_requests{};     ///< answered without an upgrade
    Number upgrades{};          ///< WebSocket connections opened
    Number messages_in{};       ///< text and binary messages
    Number messages_ignored{};  ///< likewise, that came when their connection was closing
    Number bytes_in{};          ///< read from connections
    Number frames_out{};        ///< frames queued to be sent
    Number bytes_out{};         ///< written to connections
    /// Of data: for slow consumers, for those disconnected for that or for their memory, and
    /// records for a loop that is behind.
    Number frames_dropped{};
    Number frames_unsent{};     ///< of data, which waited when their connection ended
    Number slow_disconnects{};  ///< connections closed for a consumer too slow
    Number floods{};            ///< connections closed for too many frames
    Number protocol_errors{};   ///< connections closed for breaking the protocol
    Number timeouts{};          ///< connections closed by a timeout
    Number handler_errors{};    ///< exceptions out of handlers
    Number memory_bytes{};  ///< held by connections now, see `endpoint_options::max_memory_bytes`
    Number memory_ended{};  ///< connections ended for holding the most

    /// Adds what another loop has counted.
    template <class Other>
    basic_endpoint_counters& operator+=(const basic_endpoint_counters<Other>& other) {
        const auto add = [&](const auto&... theirs) {
            std::apply([&](auto&... ours) { ((ours += theirs), ...); }, all(*this));
        };
        std::apply(add, all(other));
        return *this;
    }

private:
    template <class>
    friend struct basic_endpoint_counters;

    static constexpr auto all(auto& of) {
        return std::tie(of.connections, of.accepted, of.refused, of.denied, of.accept_errors,
                        of.http_requests, of.upgrades, of.messages_in, of.messages_ignored,
                        of.bytes_in, of.frames_out, of.bytes_out, of.frames_dropped,
                        of.frames_unsent, of.slow_disconnects, of.floods, of.protocol_errors,
                        of.timeouts, of.handler_errors, of.memory_bytes, of.memory_ended);
    }
};

using endpoint_counters = basic_endpoint_counters<std::uint64_t>;

/// Everything that an endpoint tells about itself at one moment.
struct endpoint_snapshot {
    struct pipeline {
        /// Its name; "unnamed", "unnamed-2" and so on where it has none. Of several inputs, the
        /// names with a plus between them.
        std::string_view input;
        pipeline_stats stats;
        std::vector<stage_stats> stages{};
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
    std::optional<std::uint64_t> access_log_lost{};  ///< lines, where the log counts them
    timestamp taken_at{};                            ///< by the endpoint's clock
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
