#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/http/request_target.hpp>
#include <millrace/http/text.hpp>

namespace millrace::http {

namespace detail {

/// Whether a parameter of this name, as it was sent, may hold a secret: it speaks, in any case, of
/// a token, secret, password, signature or the like. One that cannot be decoded may.
[[nodiscard]] bool is_secret_name(std::string_view name);

}  // namespace detail

/// A request's target as logs may keep it: the value of each parameter whose name speaks of a
/// token, password or the like (`token`, `access_token`, `api_key`, ...) is `***`, and so is what
/// stands before an `@` in an absolute form's authority. What `request_target::parse` would refuse
/// may be given, too: control characters and what is not ASCII come out as `?`.
[[nodiscard]] std::string target_without_secrets(std::string_view target);

}  // namespace millrace::http

#ifndef MILLRACE_COMPILED
#include <millrace/http/target_without_secrets.ipp>
#endif
