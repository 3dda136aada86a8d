#pragma once

#include <string_view>
#include <utility>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/core/error.hpp>
#include <millrace/endpoint/guard.hpp>
#include <millrace/http/request.hpp>
#include <millrace/transport/address_list.hpp>

namespace millrace {

struct address_settings {
    address_list allow{};  ///< none: everybody
    address_list deny{};   ///< goes before `allow`
};

/// Admits by address; others get 403. Behind a proxy, the address is the client's only if the
/// endpoint is told which proxies to trust.
///
///     address_guard{{.allow = {"10.0.0.0/8", "::1"}, .deny = {"10.0.66.0/24"}}}
///
/// What is no IP address, such as a Unix socket's peer, is in no list. Complexity: linear in the
/// lists.
class address_guard {
public:
    address_guard(address_settings settings) : settings_{std::move(settings)} {}

    [[nodiscard]] verdict admit(const http::request&, std::string_view remote_address) const;

private:
    address_settings settings_;
};

}  // namespace millrace

#ifndef MILLRACE_COMPILED
#include <millrace/endpoint/guards/address_guard.ipp>
#endif
