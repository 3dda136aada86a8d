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

#include <millrace/core/detail/compiled.hpp>
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
    [[nodiscard]] std::chrono::seconds offset_at(timestamp time) const noexcept;

    /// What the zone's clocks show, held at the ends of what nanoseconds can be.
    [[nodiscard]] std::chrono::local_time<duration> to_local(timestamp time) const noexcept;

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

    static timestamp to_timestamp(std::int64_t second, duration rest) noexcept;

    /// No larger file is one.
    static constexpr std::size_t max_file_bytes = 1 << 20;

    static detail::offset_table read(std::string_view name, std::string& directory);

    /// Letters, digits, +, - and _ in parts between single slashes.
    static bool is_name(std::string_view name);

    static std::error_code read_file(const std::string& path, std::string& bytes);

    std::shared_ptr<const shared> shared_;
};

}  // namespace millrace

#ifndef MILLRACE_COMPILED
#include <millrace/core/zone.ipp>
#endif
