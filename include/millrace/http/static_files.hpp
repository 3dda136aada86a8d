#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <millrace/http/request.hpp>
#include <millrace/http/response.hpp>

namespace millrace::http {

/// The media type for a file's name, by its extension; "application/octet-stream" for others.
[[nodiscard]] inline std::string_view media_type_of(const std::filesystem::path& file) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 18> known{{
        {".html", "text/html; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".mjs", "text/javascript; charset=utf-8"},
        {".json", "application/json"},
        {".map", "application/json"},
        {".webmanifest", "application/manifest+json"},
        {".txt", "text/plain; charset=utf-8"},
        {".csv", "text/csv; charset=utf-8"},
        {".xml", "application/xml"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".jpg", "image/jpeg"},
        {".webp", "image/webp"},
        {".gif", "image/gif"},
        {".ico", "image/x-icon"},
        {".woff2", "font/woff2"},
        {".wasm", "application/wasm"},
    }};
    const std::string extension = file.extension().string();
    for (const auto& [name, type] : known)
        if (extension == name) return type;
    return "application/octet-stream";
}

/// Serves the files of one directory. Nothing outside of it, also not through symbolic links, and
/// nothing whose name or folder begins with a dot: 404. A path that ends in a slash means its
/// index.html. Browsers are told to ask each time whether their copy is current (304).
///
/// Files are read in the endpoint's thread, and kept in memory up to `cache_bytes` in all.
class static_files {
public:
    struct limits {
        std::size_t max_file_bytes;  ///< larger files are not served
        std::size_t cache_bytes;
    };

    /// `prefix` is what a path begins with, such as "/".
    /// @throws std::filesystem::filesystem_error when there is no such directory.
    static_files(std::string prefix, const std::filesystem::path& directory, limits sizes)
        : prefix_{std::move(prefix)}, root_{std::filesystem::canonical(directory)}, sizes_{sizes} {}

    [[nodiscard]] response serve(const request& request) {
        const auto found = locate(request.path());
        if (!found) return error_response(make_error_code(errc::not_found));

        response answer;
        const std::string tag = entity_tag(*found);
        answer.extra_headers = "ETag: " + tag + "\r\nCache-Control: no-cache\r\n";
        if (matches(request.header("If-None-Match"), tag)) {
            answer.status = 304;
            return answer;
        }
        answer.content_type = media_type_of(found->path);
        answer.shared_body = content(*found);
        if (answer.shared_body->size() != found->size)  // it changed while it was read
            return error_response(make_error_code(errc::try_again_later));
        return answer;
    }

private:
    struct file {
        std::filesystem::path path;
        std::uintmax_t size;
        std::filesystem::file_time_type written;
    };
    struct cached {
        std::uintmax_t size;
        std::filesystem::file_time_type written;
        std::shared_ptr<const std::string> content;
    };

    [[nodiscard]] std::optional<file> locate(std::string_view path) const {
        namespace fs = std::filesystem;
        path.remove_prefix(std::min(prefix_.size(), path.size()));
        while (path.starts_with('/')) path.remove_prefix(1);
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

        const auto status = fs::status(real, error);
        if (error || !fs::is_regular_file(status)) return std::nullopt;
        file found{real, fs::file_size(real, error), {}};
        if (!error) found.written = fs::last_write_time(real, error);
        if (error || found.size > sizes_.max_file_bytes) return std::nullopt;
        return found;
    }

    [[nodiscard]] std::shared_ptr<const std::string> content(const file& found) {
        const auto key = found.path.string();
        if (const auto at = cache_.find(key); at != cache_.end()) {
            if (at->second.size == found.size && at->second.written == found.written)
                return at->second.content;
            cached_bytes_ -= at->second.size;
            cache_.erase(at);
        }
        std::ifstream in{found.path, std::ios::binary};
        std::string bytes(found.size, '\0');
        in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        bytes.resize(static_cast<std::size_t>(in.gcount()));
        auto content = std::make_shared<const std::string>(std::move(bytes));
        if (content->size() == found.size && cached_bytes_ + found.size <= sizes_.cache_bytes) {
            cached_bytes_ += found.size;
            cache_.emplace(key, cached{found.size, found.written, content});
        }
        return content;
    }

    [[nodiscard]] static std::string entity_tag(const file& found) {
        char text[64] = "\"";
        char* const end = text + sizeof text;
        char* at = std::to_chars(text + 1, end, found.size, 16).ptr;
        *at++ = '-';
        at = std::to_chars(at, end, found.written.time_since_epoch().count(), 16).ptr;
        *at++ = '"';
        return {text, at};
    }

    /// RFC 9110, section 13.1.2: a list of tags, weak or strong, or "*".
    [[nodiscard]] static bool matches(std::string_view list, std::string_view tag) noexcept {
        return list == "*" || list.find(tag) != std::string_view::npos;
    }

    std::string prefix_;
    std::filesystem::path root_;
    limits sizes_;
    std::unordered_map<std::string, cached> cache_;
    std::uintmax_t cached_bytes_ = 0;
};

}  // namespace millrace::http
