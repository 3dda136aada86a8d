#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <millrace/core/error.hpp>
#include <millrace/http/request.hpp>

namespace millrace {

/// What a guard says of a request.
struct verdict {
    /// May pass; `who` is the principal that handlers see, empty for nobody in particular.
    [[nodiscard]] static verdict pass(std::string who = {}) {
        verdict v;
        v.principal = std::move(who);
        return v;
    }

    verdict() = default;
    verdict(std::error_code refusal, std::string why = {})
        : error{refusal}, reason{std::move(why)} {}
    verdict(errc refusal, std::string why = {})
        : verdict{make_error_code(refusal), std::move(why)} {}

    /// None to pass; else the answer is its HTTP status (see `http::status_of`).
    std::error_code error{};
    std::string principal{};
    std::string reason{};  ///< told to the client that is refused
};

/// Takes a verdict, once: at once or later, from any thread.
using verdict_handler = std::function<void(verdict)>;

/// A guard that knows at once.
template <class G>
concept synchronous_guard = requires(G& g, const http::request& r,
                                     std::string_view remote_address) {
    { g.admit(r, remote_address) } -> std::convertible_to<verdict>;
};

/// A guard that asks elsewhere and answers later. The endpoint waits for it as long as for a slow
/// request; whoever is gone by then is not missed.
template <class G>
concept asynchronous_guard = requires(G& g, std::shared_ptr<const http::request> r,
                                      std::string remote_address, verdict_handler reply) {
    g.admit(r, remote_address, reply);
};

/// The Guard policy: who may make a request, before it is served or upgraded. The least that one
/// needs:
///
///     struct secret_only {
///         std::error_code admit(const millrace::http::request& r, std::string_view) {
///             return r.query("token") == "secret" ? std::error_code{} : millrace::errc::forbidden;
///         }
///     };
///
/// | member                                            | meaning                                  |
/// |---------------------------------------------------|------------------------------------------|
/// | `admit(request, remote_address)`                  | gives a `verdict`, or what converts to it|
/// | or `admit(shared request, string address, reply)` | calls `reply(verdict)` later             |
///
/// `admit` is called in the endpoint's thread. /healthz and /readyz are not guarded. Models are in
/// millrace/endpoint/guards/.
template <class G>
concept guard = synchronous_guard<G> || asynchronous_guard<G>;

/// Stops the compiler when `G` is no guard.
template <class G>
consteval void require_guard() {
    static_assert(guard<G>,
                  "guard needs: std::error_code admit(const http::request&, std::string_view "
                  "remote_address) (see millrace/endpoint/guard.hpp)");
}

/// Lets everybody in, also the pages of other sites: see `origin_guard`.
struct open_guard {
    verdict admit(const http::request&, std::string_view) const noexcept { return {}; }
};

}  // namespace millrace
