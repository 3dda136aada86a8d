#pragma once

#include <millrace/http/media_type.hpp>

namespace millrace::http {

MILLRACE_INLINE std::string_view media_type_of(const std::filesystem::path& file) {
    constexpr std::pair<std::string_view, std::string_view> known[] = {
        {".html", "text/html; charset=utf-8"},
        {".htm", "text/html; charset=utf-8"},
        {".xhtml", "application/xhtml+xml"},
        {".css", "text/css; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".mjs", "text/javascript; charset=utf-8"},
        {".json", "application/json"},
        {".geojson", "application/geo+json"},
        {".jsonld", "application/ld+json"},
        {".ndjson", "application/x-ndjson"},
        {".map", "application/json"},
        {".webmanifest", "application/manifest+json"},
        {".wasm", "application/wasm"},
        {".txt", "text/plain; charset=utf-8"},
        {".log", "text/plain; charset=utf-8"},
        {".md", "text/markdown; charset=utf-8"},
        {".csv", "text/csv; charset=utf-8"},
        {".tsv", "text/tab-separated-values; charset=utf-8"},
        {".ics", "text/calendar; charset=utf-8"},
        {".vtt", "text/vtt; charset=utf-8"},
        {".xml", "application/xml"},
        {".atom", "application/atom+xml"},
        {".rss", "application/rss+xml"},
        {".yaml", "application/yaml"},
        {".yml", "application/yaml"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".apng", "image/apng"},
        {".jpg", "image/jpeg"},
        {".jpeg", "image/jpeg"},
        {".gif", "image/gif"},
        {".webp", "image/webp"},
        {".avif", "image/avif"},
        {".bmp", "image/bmp"},
        {".tif", "image/tiff"},
        {".tiff", "image/tiff"},
        {".ico", "image/x-icon"},
        {".woff", "font/woff"},
        {".woff2", "font/woff2"},
        {".ttf", "font/ttf"},
        {".otf", "font/otf"},
        {".mp3", "audio/mpeg"},
        {".m4a", "audio/mp4"},
        {".aac", "audio/aac"},
        {".flac", "audio/flac"},
        {".wav", "audio/wav"},
        {".oga", "audio/ogg"},
        {".ogg", "audio/ogg"},
        {".weba", "audio/webm"},
        {".mp4", "video/mp4"},
        {".webm", "video/webm"},
        {".ogv", "video/ogg"},
        {".pdf", "application/pdf"},
        {".zip", "application/zip"},
        {".gz", "application/gzip"},
        {".tar", "application/x-tar"},
        {".parquet", "application/vnd.apache.parquet"},
    };
    const std::string extension = file.extension().string();
    const auto found = std::find_if(std::begin(known), std::end(known), [&](const auto& each) {
        return iequals(each.first, extension);
    });
    return found != std::end(known) ? found->second : "application/octet-stream";
}

}  // namespace millrace::http
