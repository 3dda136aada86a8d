#pragma once

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <millrace/core/detail/offset_table.hpp>
#include <millrace/core/detail/tzif.hpp>
#include <millrace/core/timestamp.hpp>

namespace millrace {

/// A time zone by its name in the IANA database: `zone{"Europe/Berlin"}`.
///
/// It is read once, from the zone's file (TZif, RFC 9636) in the directory that is given, else in
/// that of the environment variable TZDIR, else in /usr/share/zoneinfo; "UTC" needs no file. A
/// newer database counts from the next start on. Behind the changes that a file lists, its rule for
/// all years holds. The process's own time zone is neither asked for nor changed.
///
/// Copies share what was read (24 bytes a change of the clocks: 6 to 20 KB for most zones), and can
/// be used in any threads at a time.
class zone {
public:
    /// @throws std::invalid_argument where the directory has no such zone, the name leads out of
    /// it, or the file is damaged
    explicit zone(std::string_view name, std::string directory = {})
        : shared_{std::make_shared<const shared>(std::string{name}, read(name, directory))} {}

    [[nodiscard]] const std::string& name() const noexcept { return shared_->name; }

    /// By how much the zone's clocks are ahead of UTC. Complexity: logarithmic in their changes.
    [[nodiscard]] std::chrono::seconds offset_at(timestamp time) const noexcept {
        const auto second = std::chrono::floor<std::chrono::seconds>(time.time_since_epoch());
        return std::chrono::seconds{shared_->offsets.offset_at(second.count())};
    }

    /// What the zone's clocks show, held at the ends of what nanoseconds can be.
    [[nodiscard]] std::chrono::local_time<duration> to_local(timestamp time) const noexcept {
        const timestamp shown = saturated_add(time, offset_at(time));
        return std::chrono::local_time<duration>{shown.time_since_epoch()};
    }

    /// When the zone's clocks first show `local` or a later time: the first of both where they show
    /// it twice, and where they leap over it the instant of the leap, at which they show a later
    /// one. Held at the ends of what a timestamp can be. Complexity: as of `offset_at`.
    template <class Duration>
    [[nodiscard]] timestamp to_sys(std::chrono::local_time<Duration> local) const noexcept {
        const auto second = std::chrono::floor<std::chrono::seconds>(local);
        const auto first = shared_->offsets.first_at(second.time_since_epoch().count());
        duration rest =
            first.is_shown ? local.time_since_epoch() % std::chrono::seconds{1} : duration{0};
        if (rest < duration{0}) rest += std::chrono::seconds{1};
        return to_timestamp(first.second, rest);
    }

private:
    struct shared {
        shared(std::string called, detail::offset_table table)
            : name{std::move(called)}, offsets{std::move(table)} {}

        std::string name;
        detail::offset_table offsets;
    };

    static timestamp to_timestamp(std::int64_t second, duration rest) noexcept {
        using std::chrono::seconds;
        if (second > detail::offset_table::latest) return timestamp::max();
        if (second >= 0) return saturated_add(timestamp{seconds{second}}, rest);
        return saturated_add(timestamp{seconds{second + 1}}, rest - seconds{1});
    }

    /// No larger file is one.
    static constexpr std::size_t max_file_bytes = 1 << 20;

    static detail::offset_table read(std::string_view name, std::string& directory) {
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

    /// Letters, digits, +, - and _ in parts between single slashes.
    static bool is_name(std::string_view name) {
        char before = '/';
        for (const char c : name) {
            const bool is_part = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                 (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '_';
            if (!is_part && (c != '/' || before == '/')) return false;
            before = c;
        }
        return before != '/' && name.size() <= 255;
    }

    static std::error_code read_file(const std::string& path, std::string& bytes) {
        const auto failed = [] { return std::error_code{errno, std::generic_category()}; };
        const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file{std::fopen(path.c_str(), "rb"),
                                                                   &std::fclose};
        if (!file) return failed();
        std::array<char, 4'096> part;
        while (const std::size_t size = std::fread(part.data(), 1, part.size(), file.get())) {
            bytes.append(part.data(), size);
            if (bytes.size() > max_file_bytes)
                return std::make_error_code(std::errc::file_too_large);
        }
        return std::ferror(file.get()) != 0 ? failed() : std::error_code{};
    }

    std::shared_ptr<const shared> shared_;
};

}  // namespace millrace
