#pragma once

#include <millrace/core/zone.hpp>

namespace millrace {

MILLRACE_INLINE std::chrono::seconds zone::offset_at(timestamp time) const noexcept {
    const auto second = std::chrono::floor<std::chrono::seconds>(time.time_since_epoch());
    return std::chrono::seconds{shared_->offsets.offset_at(second.count())};
}

MILLRACE_INLINE std::chrono::local_time<duration> zone::to_local(timestamp time) const noexcept {
    const timestamp shown = saturated_add(time, offset_at(time));
    return std::chrono::local_time<duration>{shown.time_since_epoch()};
}

MILLRACE_INLINE timestamp zone::to_timestamp(std::int64_t second, duration rest) noexcept {
    using std::chrono::seconds;
    if (second > detail::offset_table::latest) return timestamp::max();
    if (second >= 0) return saturated_add(timestamp{seconds{second}}, rest);
    return saturated_add(timestamp{seconds{second + 1}}, rest - seconds{1});
}

MILLRACE_INLINE detail::offset_table zone::read(std::string_view name, std::string& directory) {
    if (name == "UTC") return detail::offset_table{0};
    if (directory.empty()) {
        const char* const named = std::getenv("TZDIR");
        directory = named != nullptr && *named != '\0' ? named : "/usr/share/zoneinfo";
    }
    const auto refuse = [&](const std::string& why) {
        throw std::invalid_argument{"millrace: there is no time zone \"" + std::string{name} +
                                    "\" in " + directory + ": " + why};
    };
    if (!is_name(name)) refuse("a name is one as \"Europe/Berlin\"");

    std::string bytes;
    if (const std::error_code error = read_file(directory + "/" + std::string{name}, bytes))
        refuse(error.message() + " (is tzdata installed?)");
    try {
        return detail::tzif_reader::read(bytes);
    } catch (const std::invalid_argument& wrong) {
        refuse("the file is damaged: " + std::string{wrong.what()});
        throw;
    }
}

MILLRACE_INLINE bool zone::is_name(std::string_view name) {
    char before = '/';
    for (const char c : name) {
        const bool is_part = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                             (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '_';
        if (!is_part && (c != '/' || before == '/')) return false;
        before = c;
    }
    return before != '/' && name.size() <= 255;
}

MILLRACE_INLINE std::error_code zone::read_file(const std::string& path, std::string& bytes) {
    const auto failed = [] { return std::error_code{errno, std::generic_category()}; };
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file{std::fopen(path.c_str(), "rb"),
                                                               &std::fclose};
    if (!file) return failed();
    std::array<char, 4'096> part;
    while (const std::size_t size = std::fread(part.data(), 1, part.size(), file.get())) {
        bytes.append(part.data(), size);
        if (bytes.size() > max_file_bytes) return std::make_error_code(std::errc::file_too_large);
    }
    return std::ferror(file.get()) != 0 ? failed() : std::error_code{};
}

}  // namespace millrace
