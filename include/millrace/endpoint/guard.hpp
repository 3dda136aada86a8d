#pragma once

#include <concepts>
#include <string_view>
#include <system_error>

#include <millrace/websocket/request.hpp>

namespace millrace {

/// The Guard policy: who may make a request, before it is served or upgraded. The least that one
/// needs:
///
///     struct secret_only {
///         std::error_code admit(const millrace::websocket::request& r, std::string_view) {
///             return r.query("token") == "secret" ? std::error_code{} : millrace::errc::forbidden;
///         }
///     };
///
/// `admit(request, remote_address)` gives no error to let the request pass; else the answer is
/// the error's HTTP status (see `websocket::http_status_of`). /healthz is not guarded.
template <class G>
concept guard = requires(G& g, const websocket::request& r, std::string_view remote_address) {
    { g.admit(r, remote_address) } -> std::convertible_to<std::error_code>;
};

/// Stops the compiler when `G` is no guard.
template <class G>
consteval void require_guard() {
    static_assert(guard<G>,
                  "guard needs: std::error_code admit(const websocket::request&, std::string_view "
                  "remote_address) (see millrace/endpoint/guard.hpp)");
}

/// Lets everybody in.
struct open_guard {
    std::error_code admit(const websocket::request&, std::string_view) const noexcept { return {}; }
};

}  // namespace millrace
