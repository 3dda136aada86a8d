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

    [[nodiscard]] response serve(const request& request) {
        const auto found = locate(request.path());
        if (!found) return error_response(make_error_code(errc::not_found));

        std::error_code error;
        const auto file = file_source::open(*found, error);
        if (error == std::errc::too_many_files_open ||
            error == std::errc::too_many_files_open_in_system)
            return error_response(make_error_code(errc::try_again_later));
        if (file == nullptr || file->size() > sizes_.max_file_bytes)
            return error_response(make_error_code(errc::not_found));

        response answer;
        const std::string tag = entity_tag(*file);
        answer.extra_headers = "ETag: " + tag + "\r\nCache-Control: no-cache\r\n";
        if (matches(request.header("If-None-Match"), tag)) {
            answer.status = 304;
            return answer;
        }
        answer.content_type = media_type_of(*found);
        answer.source = content(found->string(), file);
        return answer;
    }

private:
    struct cached {
        std::uint64_t size;
        std::int64_t written;
        shared_body content;
    };

    [[nodiscard]] static std::filesystem::path directory_at(const std::filesystem::path& asked) {
        auto found = std::filesystem::canonical(asked);
        if (!std::filesystem::is_directory(found))
            throw std::filesystem::filesystem_error{
                "files are served from a directory", asked,
                std::make_error_code(std::errc::not_a_directory)};
        return found;
    }

    [[nodiscard]] std::optional<std::filesystem::path> locate(std::string_view path) const {
        namespace fs = std::filesystem;
        path.remove_prefix(std::min(prefix_.size(), path.size()));
        // Not even by more slashes is a file found at a path that a guard would not know.
        if (path.starts_with('/') || path.find("//") != path.npos) return std::nullopt;
        fs::path asked = root_ / fs::path{path};
        if (path.empty() || path.ends_with('/')) asked /= "index.html";
        std::error_code error;
        const fs::path real = fs::canonical(asked, error);
        if (error) return std::nullopt;
        const auto [end, within] =
            std::mismatch(root_.begin(), root_.end(), real.begin(), real.end());
        if (end != root_.end()) return std::nullopt;
        for (auto part = within; part != real.end(); ++part)
            if (part->native().starts_with('.')) return std::nullopt;
        return real;
    }

    /// In memory, where it is or fits.
    [[nodiscard]] shared_body content(const std::string& path,
                                      const std::shared_ptr<const file_source>& file) {
        if (const auto at = cache_.find(path); at != cache_.end()) {
            if (at->second.size == file->size() && at->second.written == file->written())
                return at->second.content;
            cached_bytes_ -= at->second.size;
            cache_.erase(at);
        }
        if (cached_bytes_ + file->size() > sizes_.cache_bytes) return file;
        std::string text;
        if (!file->read(0, static_cast<std::size_t>(file->size()), text)) return file;
        const auto content = std::make_shared<const text_source>(std::move(text));
        cached_bytes_ += file->size();
        cache_.emplace(path, cached{file->size(), file->written(), content});
        return content;
    }

    [[nodiscard]] static std::string entity_tag(const file_source& file) {
        std::string tag = "\"";
        const auto append = [&](auto number) {
            char text[24];
            tag.append(text, std::to_chars(text, text + sizeof text, number, 16).ptr);
        };
        append(file.size());
        tag += '-';
        append(file.written());
        return tag += '"';
    }

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
