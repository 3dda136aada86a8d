#include <millrace/core/zone.hpp>

#include <stdlib.h>  // setenv

#include <concepts>
#include <cstdlib>

#include "catch.hpp"
#include "zone_data.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

timestamp at(std::string_view text) { return *parse_rfc3339(text); }

std::chrono::local_time<duration> local(std::string_view text) {
    return std::chrono::local_time<duration>{at(std::string{text} + "Z").time_since_epoch()};
}

zone tested(std::string_view name) { return zone{name, zone_files}; }

std::string refusal(std::string_view name, const std::string& directory = zone_files) {
    try {
        const zone read{name, directory};
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return {};
}

}  // namespace

TEST_CASE("offsets are those that another implementation reads") {
    for (const zone_fact& fact : zone_facts()) {
        INFO(fact.zone << " " << fact.instant);
        const timestamp instant{std::chrono::seconds{fact.instant}};
        REQUIRE(tested(fact.zone).offset_at(instant).count() == fact.offset);
    }
}

TEST_CASE("local time and back") {
    const zone berlin = tested("Europe/Berlin");
    CHECK(berlin.name() == "Europe/Berlin");
    CHECK(berlin.offset_at(at("2026-07-01T00:00:00Z")) == 2h);
    CHECK(berlin.to_local(at("2026-07-01T10:00:00.25Z")) == local("2026-07-01T12:00:00.25"));
    CHECK(berlin.to_sys(local("2026-07-01T12:00:00.25")) == at("2026-07-01T10:00:00.25Z"));
    CHECK(berlin.to_sys(local("1900-01-01T00:00:00")) == at("1899-12-31T23:00:00Z"));
    CHECK(berlin.to_local(at("1960-07-01T10:00:00.25Z")) == local("1960-07-01T11:00:00.25"));
    CHECK(berlin.to_sys(local("1960-07-01T11:00:00.25")) == at("1960-07-01T10:00:00.25Z"));
    CHECK(berlin.to_sys(std::chrono::local_days{std::chrono::year{2200} / 7 / 1}) ==
          at("2200-06-30T22:00:00Z"));
}

TEST_CASE("a local time that does not exist is the end of the gap") {
    const zone berlin = tested("Europe/Berlin");
    const timestamp leap = at("2026-03-29T01:00:00Z");
    CHECK(berlin.to_sys(local("2026-03-29T01:59:59.5")) == leap - 500ms);
    CHECK(berlin.to_sys(local("2026-03-29T02:00:00")) == leap);
    CHECK(berlin.to_sys(local("2026-03-29T02:30:00.5")) == leap);
    CHECK(berlin.to_sys(local("2026-03-29T03:00:00")) == leap);
    CHECK(tested("America/Sao_Paulo").to_sys(local("2017-10-15T00:00:00")) ==
          at("2017-10-15T03:00:00Z"));
    CHECK(tested("Pacific/Apia").to_sys(local("2011-12-30T12:00:00")) ==
          at("2011-12-30T10:00:00Z"));
}

TEST_CASE("a local time that exists twice is the first of both") {
    const zone berlin = tested("Europe/Berlin"), lord_howe = tested("Australia/Lord_Howe");
    CHECK(berlin.to_sys(local("2026-10-25T02:00:00")) == at("2026-10-25T00:00:00Z"));
    CHECK(berlin.to_sys(local("2026-10-25T02:59:59")) == at("2026-10-25T00:59:59Z"));
    CHECK(berlin.to_sys(local("2026-10-25T03:00:00")) == at("2026-10-25T02:00:00Z"));
    CHECK(lord_howe.to_sys(local("2026-04-05T01:45:00")) == at("2026-04-04T14:45:00Z"));
    CHECK(lord_howe.to_sys(local("2026-04-05T02:00:00")) == at("2026-04-04T15:30:00Z"));
    CHECK(tested("America/Havana").to_sys(local("2026-11-01T00:00:00")) ==
          at("2026-11-01T04:00:00Z"));
}

TEST_CASE("conversions are held at the ends of time") {
    for (const zone_fact& fact : zone_facts()) {
        const zone each = tested(fact.zone);
        for (const timestamp end : {timestamp::min(), timestamp::max()}) {
            const auto offset = each.offset_at(end);
            const auto local = each.to_local(end);
            const bool is_held = (end < timestamp{}) == (offset < 0s) && offset != 0s;
            CHECK((local.time_since_epoch() == end.time_since_epoch()) ==
                  (is_held || offset == 0s));
        }
    }
    const zone utc{"UTC"};
    CHECK(utc.to_sys(utc.to_local(timestamp::max())) == timestamp::max());
    CHECK(utc.to_sys(utc.to_local(timestamp::min())) == timestamp::min());
    using std::chrono::local_days, std::chrono::year;
    CHECK(utc.to_sys(local_days{year{9999} / 1 / 1}) == timestamp::max());
    CHECK(utc.to_sys(local_days{year{-9999} / 1 / 1}) == timestamp::min());
}

TEST_CASE("UTC needs no file") {
    const zone utc{"UTC", "/nowhere"};
    CHECK(utc.offset_at(at("2026-07-01T00:00:00Z")) == 0s);
    CHECK(utc.to_sys(local("2026-07-01T00:00:00.5")) == at("2026-07-01T00:00:00.5Z"));
}

TEST_CASE("TZDIR says where zones are, but for those that are given a directory") {
    const char* const set = std::getenv("TZDIR");
    const std::string before = set == nullptr ? "" : set;
    ::setenv("TZDIR", zone_files.c_str(), 1);
    CHECK_NOTHROW(zone{"fat/Berlin"});
    CHECK(refusal("fat/Berlin", "/nowhere") != "");
    ::setenv("TZDIR", "", 1);
    CHECK(refusal("fat/Berlin", "").find("in /usr/share/zoneinfo") != std::string::npos);
    set == nullptr ? ::unsetenv("TZDIR") : ::setenv("TZDIR", before.c_str(), 1);
}

TEST_CASE("copies share what was read") {
    STATIC_REQUIRE(std::copyable<zone>);
    STATIC_REQUIRE(sizeof(zone) <= 16);
    const zone berlin = tested("Europe/Berlin");
    const zone copy = berlin;
    CHECK(&copy.name() == &berlin.name());
}

TEST_CASE("an unknown zone is refused with where it was looked for") {
    CHECK(
        refusal("Europe/Berln") ==
        "millrace: there is no time zone \"Europe/Berln\" in tests/data/zoneinfo: No such file or "
        "directory (is tzdata installed?)");
    CHECK(refusal("Europe/Berlin", "/nowhere").find("in /nowhere: No such file") !=
          std::string::npos);
    CHECK(refusal("Europe").find("Is a directory") != std::string::npos);
}

TEST_CASE("a name does not lead out of the directory") {
    for (const char* name :
         {"", "/", "/etc/passwd", "../zoneinfo/Europe/Berlin", "Europe/../Europe/Berlin", "Europe/",
          "Europe//Berlin", "./Europe/Berlin", ".", "..", "Europe/Berlin ", "Europe\\Berlin"}) {
        INFO(name);
        CHECK(refusal(name).ends_with("a name is one as \"Europe/Berlin\""));
    }
    CHECK(refusal(std::string_view{"Europe/Berlin\0", 14}) != "");
    CHECK(refusal(std::string(256, 'a')).ends_with("a name is one as \"Europe/Berlin\""));
}

TEST_CASE("a damaged file is refused with what is wrong") {
    std::string bytes = bytes_of("Europe/Berlin");
    bytes.resize(300);
    const own_zone cut{bytes};
    CHECK(refusal("Own", cut.directory()).ends_with("the file is damaged: it is cut off"));
    const own_zone large{std::string(2 << 20, 'T')};
    CHECK(refusal("Own", large.directory()).find("File too large") != std::string::npos);
}

TEST_CASE("the system's own zones are read") {
    try {
        const zone berlin{"Europe/Berlin"};
        CHECK(berlin.offset_at(at("2020-07-01T00:00:00Z")) == 2h);
    } catch (const std::invalid_argument& error) {
        WARN("skipped, since this system has no time zones: " << error.what());
    }
}
