#pragma once

#include <memory>
#include <stdexcept>
#include <utility>

#include <millrace/endpoint/detail/http/file_routes.hpp>
#include <millrace/http/static_files.hpp>

namespace millrace::detail {

MILLRACE_INLINE void add_file_routes(http::router& to, const std::string& prefix,
                                     const std::filesystem::path& directory,
                                     const endpoint_options& options,
                                     const answer_headers& headers) {
    if (!prefix.starts_with('/') || !prefix.ends_with('/'))
        throw std::invalid_argument("millrace: a prefix begins and ends with a slash: \"" + prefix +
                                    '"');
    auto files = std::make_shared<http::static_files>(
        prefix, directory,
        http::static_files::limits{options.max_file_bytes, options.file_cache_bytes});
    const auto serve = [files, lines = headers.file_lines()](const http::request& request,
                                                             const http::caller&,
                                                             const http::responder& respond) {
        auto answer = files->serve(request);
        answer.extra_headers += lines;
        respond(std::move(answer));
    };
    if (!to.add_prefix(prefix, serve))
        throw std::invalid_argument("millrace: the prefix \"" + prefix + "\" is taken");
}

}  // namespace millrace::detail
