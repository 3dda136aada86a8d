#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/endpoint/options.hpp>
#include <millrace/http/request.hpp>
#include <millrace/http/text.hpp>
#include <millrace/transport/address_list.hpp>

namespace millrace::detail {

/// Who made a request, as far as trusted proxies vouch for it.
struct forwarded_request {
    std::string client;               ///< an address in its canonical form, if it is one
    std::optional<bool> is_secure{};  ///< whether the client speaks TLS, where a proxy says so
};

/// The address of a node (RFC 7239, section 6), such as `192.0.2.1:4711` or `[2001:db8::7]:4711`,
/// with or without its port; nothing for `unknown`, `_hidden` and what is no node.
[[nodiscard]] std::optional<ip_bytes> address_of_node(std::string_view node) noexcept;

/// Takes the last element off a comma-separated list. It is looked for from the end, so that a
/// quotation mark that a client has left open does not swallow what a proxy has appended.
[[nodiscard]] std::string_view take_last(std::string_view& list) noexcept;

/// Takes a value, a token or a quoted string, off the front of `rest`. What is neither is taken to
/// the next semicolon.
[[nodiscard]] std::string take_value(std::string_view& rest);

/// The value of a parameter of one element of Forwarded (RFC 7239, section 4); nothing where it is
/// absent or given twice, and where the element is malformed.
[[nodiscard]] std::optional<std::string> forwarded_parameter(std::string_view element,
                                                             std::string_view name);

[[nodiscard]] std::optional<bool> is_secure_scheme(std::string_view scheme) noexcept;

/// Who a request is from: `peer`, unless that is a trusted proxy, and `header` says for whom it
/// speaks. Each proxy appends whom it heard, so the answer is the last address in the header that
/// is not a trusted proxy itself; what stands before it may be forged. An entry that is no address
/// ends the search: the proxy that wrote it is all that is known.
[[nodiscard]] forwarded_request forwarded_for(const http::request& request, std::string_view peer,
                                              const address_list& trusted,
                                              forwarding_header header);

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/endpoint/detail/sessions/forwarded_for.ipp>
#endif
