#pragma once

#include <millrace/http/static_files.hpp>

namespace millrace::http {

MILLRACE_INLINE response static_files::serve(const request& request) {
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

MILLRACE_INLINE std::filesystem::path static_files::directory_at(
    const std::filesystem::path& asked) {
    auto found = std::filesystem::canonical(asked);
    if (!std::filesystem::is_directory(found))
        throw std::filesystem::filesystem_error{"files are served from a directory", asked,
                                                std::make_error_code(std::errc::not_a_directory)};
    return found;
}

MILLRACE_INLINE std::optional<std::filesystem::path> static_files::locate(
    std::string_view path) const {
    namespace fs = std::filesystem;
    path.remove_prefix(std::min(prefix_.size(), path.size()));
    // Not even by more slashes is a file found at a path that a guard would not know.
    if (path.starts_with('/') || path.find("//") != path.npos) return std::nullopt;
    fs::path asked = root_ / fs::path{path};
    if (path.empty() || path.ends_with('/')) asked /= "index.html";
    std::error_code error;
    const fs::path real = fs::canonical(asked, error);
    if (error) return std::nullopt;
    const auto [end, within] = std::mismatch(root_.begin(), root_.end(), real.begin(), real.end());
    if (end != root_.end()) return std::nullopt;
    for (auto part = within; part != real.end(); ++part)
        if (part->native().starts_with('.')) return std::nullopt;
    return real;
}

MILLRACE_INLINE shared_body static_files::content(const std::string& path,
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

MILLRACE_INLINE std::string static_files::entity_tag(const file_source& file) {
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

}  // namespace millrace::http
