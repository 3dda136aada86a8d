#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <millrace/core/detail/compiled.hpp>

namespace millrace::detail {

/// Decodes base64url without padding (RFC 7515, section 2). Nothing for any other character and for
/// a text that is not the only one of its bytes: a last character with bits of no byte.
[[nodiscard]] std::optional<std::string> decode_base64url(std::string_view text);

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/endpoint/guards/detail/base64url.ipp>
#endif
