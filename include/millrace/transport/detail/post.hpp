#pragma once

#include <system_error>

#include <asio/io_context.hpp>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/transport/detail/callback.hpp>

namespace millrace::detail {

/// Calls `f` in a later turn of the io_context. All that is posted is of one type for Asio,
/// which makes hundreds of functions for each that it gets.
void post(asio::io_context& io, callback f, std::error_code error = {});

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/transport/detail/post.ipp>
#endif
