#pragma once

#include <algorithm>
#include <chrono>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/core/detail/require_option.hpp>
#include <millrace/endpoint/options.hpp>

namespace millrace::detail {

/// The same options, if an endpoint can keep to them; some that have to be below others are made
/// so, as their descriptions say. @throws std::invalid_argument, which names the first that is
/// wrong
[[nodiscard]] endpoint_options require_valid(endpoint_options options);

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/endpoint/detail/limits/require_valid.ipp>
#endif
