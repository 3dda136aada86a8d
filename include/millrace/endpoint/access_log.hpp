#pragma once

#include <cstdint>
#include <string_view>

#include <millrace/core/timestamp.hpp>

namespace millrace {

/// Something that an access log has a line for. The texts are valid during the call; what a client
/// sent is in them as it came, but for the target: secrets in its query are `***`, control and
/// non-ASCII characters `?`.
struct access_entry {
    enum class kind {
        request,  ///< an HTTP request was answered, or its connection ended first
        opened,   ///< a request became a WebSocket connection
        closed,   ///< a WebSocket connection has ended
    };

    kind what = kind::request;
    timestamp time{};              ///< of the end of what it tells
    std::uint64_t connection = 0;  ///< see `connection::id`
    std::string_view address{};    ///< the client's, see `connection::remote_address`
    std::string_view principal{};  ///< empty for nobody
    std::string_view method{};
    std::string_view target{};      ///< path and query
    std::string_view version{};     ///< "HTTP/1.1"; empty, as these two, of what was no request
    std::string_view user_agent{};  ///< as the client calls itself; empty if it does not
    int status = 0;                 ///< of the answer; for `closed` the close code, 1006 for none
    std::uint64_t bytes_in = 0;     ///< received: a request's body, a connection's all
    std::uint64_t bytes_out = 0;    ///< sent: an answer's body, a connection's all
    duration took{};                ///< from the request's end, or since the connection was opened
};

/// The access log policy: gets a line's worth of facts for each HTTP request and for the beginning
/// and the end of each WebSocket connection.
///
/// | member              | meaning                                                              |
/// |---------------------|----------------------------------------------------------------------|
/// | `write(entry)`      | from each of the endpoint's loops, several at once; must not wait    |
/// | `reopen()`, if any  | at SIGHUP (`endpoint_options::handle_signals`), for rotated files    |
/// | `lost()`, if any    | const; lines lost so far: told to the log hook, and in the metrics   |
///
/// Models: `null_access_log`, `stderr_access_log`, `file_access_log`.
template <class L>
concept access_log = requires(L& log, const access_entry& entry) {
    log.write(entry);
};

/// Stops the compiler when `L` is no access log.
template <class L>
consteval void require_access_log() {
    static_assert(access_log<L>,
                  "access_log needs: void write(const access_entry&) (see "
                  "millrace/endpoint/access_log.hpp)");
}

/// None.
struct null_access_log {
    void write(const access_entry&) const noexcept {}
};

}  // namespace millrace
