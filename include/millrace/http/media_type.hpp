#pragma once

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/http/text.hpp>

namespace millrace::http {

/// The media type for a file's name, by its extension in any case; "application/octet-stream" for
/// others.
[[nodiscard]] std::string_view media_type_of(const std::filesystem::path& file);

}  // namespace millrace::http

#ifndef MILLRACE_COMPILED
#include <millrace/http/media_type.ipp>
#endif
