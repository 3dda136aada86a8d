#pragma once

#include <stdlib.h>  // mkdtemp

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"

/// The zones that come with the tests.
inline const std::string zone_files = "tests/data/zoneinfo";

inline std::string bytes_of(const std::string& zone) {
    std::ifstream file{zone_files + "/" + zone, std::ios::binary};
    REQUIRE(file);
    return {std::istreambuf_iterator<char>{file}, {}};
}

/// What Python's zoneinfo says, in seconds since 1970.
struct zone_fact {
    std::string zone;
    std::int64_t instant, offset;
    std::int64_t day, next_day, week, next_week, month, next_month;
};

inline std::vector<zone_fact> zone_facts() {
    std::ifstream file{zone_files + "/windows.txt"};
    REQUIRE(file);
    std::vector<zone_fact> all;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with('#')) continue;
        std::istringstream fields{line};
        zone_fact one;
        fields >> one.zone >> one.instant >> one.offset >> one.day >> one.next_day >> one.week >>
            one.next_week >> one.month >> one.next_month;
        REQUIRE(fields);
        all.push_back(one);
    }
    REQUIRE(all.size() > 300);
    return all;
}

struct clock_change {
    std::int64_t at;
    std::int32_t offset;
};

/// A TZif file of version 2 without its part of version 1.
inline std::string tzif_of(std::int32_t first, const std::vector<clock_change>& changes,
                           const std::string& footer) {
    const auto number = [](std::uint64_t value, int bytes) {
        std::string text;
        while (bytes-- > 0) text += static_cast<char>(value >> 8 * bytes);
        return text;
    };
    const auto header = [&](std::size_t times, std::size_t types, std::size_t letters) {
        return "TZif2" + std::string(15 + 3 * 4, '\0') + number(times, 4) + number(types, 4) +
               number(letters, 4);
    };
    std::string times, indexes, types = number(static_cast<std::uint32_t>(first), 4) + number(0, 2);
    for (const clock_change& each : changes) {
        times += number(static_cast<std::uint64_t>(each.at), 8);
        indexes += number(types.size() / 6, 1);
        types += number(static_cast<std::uint32_t>(each.offset), 4) + number(0, 2);
    }
    return header(0, 1, 1) + std::string(7, '\0') + header(changes.size(), types.size() / 6, 1) +
           times + indexes + types + '\0' + '\n' + footer + '\n';
}

/// A zone file of the test's own, which goes with it.
class own_zone {
public:
    explicit own_zone(const std::string& bytes)
        : directory_{std::filesystem::temp_directory_path() / "millrace-XXXXXX"} {
        REQUIRE(::mkdtemp(directory_.data()) != nullptr);
        std::ofstream{directory_ + "/Own", std::ios::binary} << bytes;
    }
    own_zone(const own_zone&) = delete;
    own_zone& operator=(const own_zone&) = delete;
    ~own_zone() { std::filesystem::remove_all(directory_); }

    [[nodiscard]] const std::string& directory() const { return directory_; }

private:
    std::string directory_;
};
