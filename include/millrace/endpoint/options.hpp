#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <millrace/core/log.hpp>
#include <millrace/endpoint/authorization.hpp>
#include <millrace/publish/overflow.hpp>
#include <millrace/transport/address_list.hpp>
#include <millrace/websocket/compression.hpp>

namespace millrace {

/// Where a trusted proxy writes whom it speaks for. Only one header is believed: a proxy that
/// writes the one passes the other on as a client made it up.
enum class forwarding_header {
    x_forwarded_for,  ///< X-Forwarded-For, and X-Forwarded-Proto for the scheme
    forwarded,        ///< Forwarded with its `for` and `proto` (RFC 7239)
};

/// Settings of an endpoint. Each limit says what happens at the limit. Times are kept to within
/// one `tick_interval`, and none may be longer than a hundred years.
struct endpoint_options {
    /// 0 takes a free port: see `endpoint::port`.
    std::uint16_t port = 8080;
    /// The address to listen on: by default only this machine reaches it; empty for all that the
    /// machine has. A Unix socket's is its path; "systemd:NAME" is a socket that systemd hands
    /// over.
    std::string address = "127.0.0.1";

    /// Threads that serve connections, each with an event loop of its own; 0 for one a core. The
    /// first, which runs the endpoint's io_context, also accepts, answers HTTP, asks the guard and
    /// runs the pipelines; the others decode the events of their connections. See `endpoint`.
    ///
    /// Memory: for each other loop up to 64 batches of 64 KB of records on their way there; for
    /// each pipeline's input and loop, the first included, up to 64 batches of 1,024 events, the
    /// last message's on top. When no batch is free, records are dropped and counted, and senders
    /// have to wait.
    std::size_t loops = 1;

    /// A longer message is refused as soon as its header declares it: close 1009; 413 for a body.
    std::size_t max_message_bytes = 1024 * 1024;
    /// What clients that ask for it may compress with, such as
    /// `std::make_shared<websocket::permessage_deflate>()`; null for nothing. With the server's
    /// context taken over no frame may be dropped: a consumer too slow is then disconnected.
    std::shared_ptr<const websocket::compression> compression{};
    /// Request line and headers; beyond: 431.
    std::size_t max_head_bytes = 8 * 1024;
    std::size_t max_headers = 64;

    /// Connections at a time; one more gets 503 at its first request.
    std::size_t max_connections = 10'000;
    /// Connections that have not made their first request yet, TLS handshakes among them; one more
    /// gets 503.
    std::size_t max_handshakes = 1'000;
    /// Connections beyond these two limits. Half of them are for anybody, who gets 503 but for
    /// /healthz and /readyz; all of them for `trusted_addresses` and `trusted_proxies`, which are
    /// served. Beyond, connections are dropped.
    std::size_t reserved_connections = 64;
    /// Connections at a time of one address, from accept to close; a few more get 429 at their
    /// first request, the others are dropped. Behind a trusted proxy that names its clients, a
    /// connection counts for the client of its request or WebSocket, as long as that takes, and one
    /// too many gets 429. Trusted addresses, the proxies themselves and Unix sockets have no such
    /// limit.
    std::size_t max_connections_per_address = 256;
    /// Of them, those that have not made their first request yet; beyond likewise.
    std::size_t max_handshakes_per_address = 64;
    /// By how many of its first bits an IPv6 address counts: who has one has at least 2^64 more.
    std::size_t ipv6_prefix_bits = 64;
    /// Reverse proxies whose word is taken, at each request, on the client's address and on whether
    /// it came by TLS. An entry that is no address, such as `unknown`, leaves the address of the
    /// proxy that wrote it.
    address_list trusted_proxies{};
    /// By which header they give it.
    forwarding_header trusted_header = forwarding_header::x_forwarded_for;
    /// Clients of which an operator is sure, such as those of its monitoring. An address that a
    /// proxy names counts where that is one of `trusted_proxies`.
    address_list trusted_addresses{};

    /// What waits to be sent to one connection, each frame counted with 64 bytes on top; beyond:
    /// `when_full`.
    std::size_t outbox_bytes = 1024 * 1024;
    overflow_policy when_full = overflow_policy::drop_oldest;
    /// When so much waits, `connection::is_congested` is true, until no more than
    /// `outbox_low_water` does: then the route's `on_drain` is called. A high water above
    /// `outbox_bytes` is a quarter of those instead, and the low one a sixteenth at most.
    std::size_t outbox_high_water = 256 * 1024;
    std::size_t outbox_low_water = 64 * 1024;
    /// What all connections together may hold in memory: received and not complete, inflated,
    /// queued to be sent, and bodies of answers. What several share counts once. Beyond: those that
    /// hold the most are ended, until an eighth is free; a WebSocket is sent close 1013, if it can
    /// be. On top come the connections themselves with their TLS, files (`file_cache_bytes`), and
    /// what is on its way between loops (`loops`).
    std::size_t max_memory_bytes = 256 * 1024 * 1024;
    /// Messages and posted bodies from one connection, on average and at once; beyond: close 1008,
    /// or 429. 0: no limit.
    std::size_t max_messages_per_second = 0;
    /// Ping, pong and close frames from one connection; beyond: close 1008.
    std::size_t max_control_frames_per_second = 100;
    /// Refused events of one message that the sender is told about; the others are only counted,
    /// but the one behind which all is lost is always told.
    std::size_t max_errors_per_message = 16;

    /// From a connection's begin, or later from a request's first byte, to the end of the head;
    /// beyond: 408, or the end of a connection whose TLS handshake is not done by then.
    std::chrono::milliseconds handshake_timeout = std::chrono::seconds{5};
    /// A connection from which nothing was received for so long is sent a ping; after a third of
    /// the `idle_timeout` where that is not longer than this.
    std::chrono::milliseconds ping_interval = std::chrono::seconds{20};
    /// A connection from which nothing was received for so long, nor pongs, is closed.
    std::chrono::milliseconds idle_timeout = std::chrono::seconds{60};
    /// A connection whose reading was paused, by a handler or by a pipeline that is behind, and was
    /// not resumed for so long is closed with 1013. Each pause has the whole time: to be longer
    /// than a pipeline may stand still. A posted message that the pipeline has not taken for so
    /// long ends its connection without an answer.
    std::chrono::milliseconds pause_timeout = std::chrono::minutes{5};
    /// A message whose parts take longer to come ends its connection with 1008, or 408 for a body,
    /// unless they come at `min_bytes_per_second`: over each such time, so that a pause of less
    /// does no harm.
    std::chrono::milliseconds message_timeout = std::chrono::seconds{30};
    /// What a peer has to send of a message (see `message_timeout`) and to take of an HTTP answer
    /// (over each `idle_timeout`; beyond, the connection is ended). The default is less than the
    /// slowest mobile links give.
    std::size_t min_bytes_per_second = 512;
    /// How long the peer has for its part of the closing handshake.
    std::chrono::milliseconds close_timeout = std::chrono::seconds{5};
    /// How long `stop` waits for connections to end by themselves.
    std::chrono::milliseconds stop_timeout = std::chrono::seconds{10};
    /// How often timeouts are looked at and pipelines are told the time.
    std::chrono::milliseconds tick_interval{250};

    /// Records that /api/topics/NAME gives where the request names no limit, and at most, which
    /// holds in either case.
    std::size_t default_history_rows = 1'000;
    std::size_t max_history_rows = 10'000;
    /// Records of one topic that one client (an address and principal) has asked for there and not
    /// got yet, over all its connections; beyond: 503, but for its only request. Clients take
    /// turns.
    std::size_t max_history_rows_per_client = 50'000;

    /// A larger file is not served: 404.
    std::size_t max_file_bytes = 16 * 1024 * 1024;
    /// Files kept in memory; others are read in pieces while they are sent.
    std::size_t file_cache_bytes = 32 * 1024 * 1024;

    /// Who may follow, read, send and observe. Without it, whoever the guard lets pass may follow,
    /// read and send, and /metrics and /api/topology are shown to this machine (loopback and Unix
    /// sockets, unless a header such as Forwarded or X-Forwarded-For says that a proxy speaks for
    /// another) and to `trusted_addresses`; others get 403. A proxy on this machine that adds no
    /// such header makes all of its clients local.
    authorization_rule may{};
    /// Whether, without a rule, /metrics are shown to whoever the guard lets pass.
    bool has_open_metrics = false;

    /// Whether a WebSocket may show its token in its first message, as a browser's can in no
    /// header. One that shows none in its request (see `bearer_token`) and that the guard refuses
    /// with 401 is upgraded then, but nothing is sent to it and nothing taken from it until its
    /// first message, `{"token":"..."}` and nothing else, has come: within the `handshake_timeout`
    /// and in at most `max_head_bytes`. The guard is asked again, as if the token had come in the
    /// Authorization header, and then `may`. Who is refused is closed with 1008 and the reason; who
    /// is let in gets no answer but what it came for.
    bool takes_token_messages = false;

    /// Lines that each HTTP answer has besides its own, such as
    /// `{"Content-Security-Policy", "default-src 'self'"}`. One of a name that `endpoint::files`
    /// sets takes its place.
    std::vector<std::pair<std::string, std::string>> extra_headers{};
    /// Origins of other sites whose pages may read HTTP answers and post events (CORS), such as
    /// "https://app.example.com"; "*" for all. Preflight requests of theirs are answered before the
    /// guard is asked. It lets nobody in by itself: an `origin_guard`, which is the default guard,
    /// has to allow them, too.
    std::vector<std::string> cors_origins{};

    /// Gets what an operator needs to know: refusals with their reason, failures, start and stop.
    /// Certificates' reloads are told to `tls_options::log`.
    log_hook log{};

    /// SIGINT and SIGTERM stop an endpoint that runs its own io_context, a second one at once;
    /// SIGHUP has its access log opened anew.
    bool handle_signals = true;
};

/// Settings of one pipeline on an endpoint.
struct serve_options {
    /// A path, such as "/ws", that takes the pipeline's events and streams its records; none if
    /// empty, as it has to be where the pipeline has several inputs.
    std::string duplex_path{};
    /// The topics whose records the `duplex_path` streams; all of the pipeline if empty.
    std::vector<std::string> duplex_topics{};
    /// Topics whose slow followers are treated in another way than `endpoint_options::when_full`.
    std::map<std::string, overflow_policy, std::less<>> when_full{};
};

}  // namespace millrace
