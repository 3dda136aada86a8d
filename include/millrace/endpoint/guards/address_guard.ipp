#pragma once

#include <millrace/endpoint/guards/address_guard.hpp>

namespace millrace {

MILLRACE_INLINE verdict address_guard::admit(const http::request&,
                                             std::string_view remote_address) const {
    const auto& [allow, deny] = settings_;
    if (!deny.contains(remote_address) && (allow.empty() || allow.contains(remote_address)))
        return {};
    return {errc::forbidden, "this address is not allowed"};
}

}  // namespace millrace
