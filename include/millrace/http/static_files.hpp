#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <millrace/core/detail/compiled.hpp>
#include <millrace/core/keyed_map.hpp>
#include <millrace/http/body_source.hpp>
#include <millrace/http/file_source.hpp>
#include <millrace/http/media_type.hpp>
#include <millrace/http/request.hpp>
#include <millrace/http/response.hpp>

namespace millrace::http {

/// Serves the files of one directory. Nothing outside of it, also not through symbolic links, and
/// nothing whose name or folder begins with a dot: 404. A path that ends in a slash means its
/// index.html. Browsers are told to ask each time whether their copy is current (304).
///
/// Files are kept in memory up to `cache_bytes` in all; others are read in pieces while they are
/// sent, each with a descriptor of its own until then.
class static_files {
public:
    struct limits {
        std::size_t max_file_bytes;  ///< larger files are not served
        std::size_t cache_bytes;
    };

    /// `prefix` is what a path begins with, such as "/" or "/lib/".
    /// @throws std::filesystem::filesystem_error when there is no such directory.
    static_files(std::string prefix, const std::filesystem::path& directory, limits sizes)
        : prefix_{std::move(prefix)}, root_{directory_at(directory)}, sizes_{sizes} {}

    [[nodiscard]] response serve(const request& request);

private:
    struct cached {
        std::uint64_t size;
        std::int64_t written;
        shared_body content;
    };

    [[nodiscard]] static std::filesystem::path directory_at(const std::filesystem::path& asked);

    [[nodiscard]] std::optional<std::filesystem::path> locate(std::string_view path) const;

    /// In memory, where it is or fits.
    [[nodiscard]] shared_body content(const std::string& path,
                                      const std::shared_ptr<const file_source>& file);

    [[nodiscard]] static std::string entity_tag(const file_source& file);

    /// RFC 9110, section 13.1.2: a list of tags, weak or strong, or "*".
    [[nodiscard]] static bool matches(std::string_view list, std::string_view tag) noexcept {
        return list == "*" || list.find(tag) != std::string_view::npos;
    }

    std::string prefix_;
    std::filesystem::path root_;
    limits sizes_;
    millrace::detail::keyed_map<std::string, cached> cache_;
    std::uint64_t cached_bytes_ = 0;
};

}  // namespace millrace::http

#ifndef MILLRACE_COMPILED
#include <millrace/http/static_files.ipp>
#endif
