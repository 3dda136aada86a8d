#pragma once

#include <filesystem>
#include <string>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/endpoint/detail/http/answer_headers.hpp>
#include <millrace/endpoint/options.hpp>
#include <millrace/http/router.hpp>

namespace millrace::detail {

/// See `endpoint::files`.
void add_file_routes(http::router& to, const std::string& prefix,
                     const std::filesystem::path& directory, const endpoint_options& options,
                     const answer_headers& headers);

}  // namespace millrace::detail

#ifndef MILLRACE_COMPILED
#include <millrace/endpoint/detail/http/file_routes.ipp>
#endif
