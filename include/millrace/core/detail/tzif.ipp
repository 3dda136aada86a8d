#pragma once

#include <millrace/core/detail/tzif.hpp>

namespace millrace::detail {

MILLRACE_INLINE offset_table tzif_reader::read(std::string_view file) {
    tzif_reader reader{file};
    header counts = reader.read_header();
    if (counts.version == '\0') return reader.read_block(counts, 4).table;
    reader.take(counts.block_bytes(4));
    counts = reader.read_header();
    block listed = reader.read_block(counts, 8);
    reader.add_footer(listed);
    return std::move(listed.table);
}

MILLRACE_INLINE std::size_t tzif_reader::header::block_bytes(std::size_t time_bytes) const {
    return changes * (time_bytes + 1) + types * 6 + name_bytes + leap_seconds * (time_bytes + 4) +
           standard_indicators + ut_indicators;
}

MILLRACE_INLINE std::string_view tzif_reader::take(std::size_t size) {
    require(size <= rest_.size(), "it is cut off");
    const auto taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
}

MILLRACE_INLINE std::int64_t tzif_reader::integer(std::string_view bytes) {
    std::uint64_t value = (bytes.front() & 0x80) != 0 ? ~std::uint64_t{0} : 0;
    for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
    return static_cast<std::int64_t>(value);
}

MILLRACE_INLINE tzif_reader::header tzif_reader::read_header() {
    require(rest_.starts_with("TZif"), "it is no TZif file");
    const auto head = take(44);
    std::array<std::size_t, 6> counts{};
    for (std::size_t i = 0; i < counts.size(); ++i) {
        counts[i] = static_cast<std::uint32_t>(integer(head.substr(20 + 4 * i, 4)));
        require(counts[i] <= rest_.size(), "it is cut off");
    }
    const auto [ut, standard, leap, changes, types, names] = counts;
    return {head[4], ut, standard, leap, changes, types, names};
}

MILLRACE_INLINE tzif_reader::block tzif_reader::read_block(const header& counts,
                                                           std::size_t time_bytes) {
    require(counts.types > 0, "it has no local time");
    const auto times = take(counts.changes * time_bytes);
    const auto indexes = take(counts.changes);
    const auto types = take(counts.types * 6);
    take(counts.name_bytes);
    const auto leaps = take(counts.leap_seconds * (time_bytes + 4));
    take(counts.standard_indicators + counts.ut_indicators);

    block read{offset_table{offset_of(types, 0)}};
    std::int64_t before = INT64_MIN, leap_seconds = 0;
    std::size_t leap = 0;
    for (std::size_t i = 0; i < counts.changes; ++i) {
        std::int64_t at = integer(times.substr(i * time_bytes, time_bytes));
        require(i == 0 || at > before, "its times are not in order");
        before = at;
        for (; leap < counts.leap_seconds; ++leap) {
            const auto record = leaps.substr(leap * (time_bytes + 4), time_bytes + 4);
            if (integer(record.substr(0, time_bytes)) > at) break;
            leap_seconds = integer(record.substr(time_bytes));
        }
        at = std::clamp(at, offset_table::earliest, offset_table::latest + 1) - leap_seconds;
        read.last_change = std::max(read.last_change, at);
        read.table.add(at, offset_of(types, static_cast<unsigned char>(indexes[i])));
    }
    return read;
}

MILLRACE_INLINE std::int32_t tzif_reader::offset_of(std::string_view types, std::size_t index) {
    require(index * 6 < types.size(), "it refers to a local time that it has not");
    const std::int64_t offset = integer(types.substr(index * 6, 4));
    require(offset > -25 * 3'600 && offset < 26 * 3'600,
            "its local time is more than a day away from UTC");
    return static_cast<std::int32_t>(offset);
}

MILLRACE_INLINE void tzif_reader::add_footer(block& to) {
    require(take(1) == "\n", "its footer is missing");
    const auto text = rest_.substr(0, rest_.find('\n'));
    require(text.size() < rest_.size(), "its footer is cut off");
    if (text.empty()) return;
    const auto rule = posix_tz_parser::parse(text);
    require(rule.has_value(), "its footer is no TZ string");
    if (to.last_change > offset_table::latest) return;
    if (!rule->daylight) return to.table.add(to.last_change, rule->offset);

    struct change {
        std::int64_t at;
        std::int32_t offset;
    };
    std::vector<change> changes;
    // Where one daylight saving time ends as the next begins, it lasts all year.
    const auto insert = [&](change one) {
        auto place = changes.end();
        while (place != changes.begin() && place[-1].at > one.at) --place;
        changes.insert(place, one);
    };
    const auto& [summer, start, end] = *rule->daylight;
    for (int year = year_of(to.last_change) - 1; year <= year_of(offset_table::latest); ++year) {
        const std::int64_t from = start.in(year), until = end.in(year);
        insert({from - rule->offset, summer});
        insert({until - summer, rule->offset});
    }
    for (const change& each : changes) to.table.add(std::max(each.at, to.last_change), each.offset);
}

MILLRACE_INLINE int tzif_reader::year_of(std::int64_t second) {
    using namespace std::chrono;
    return int{year_month_day{floor<days>(sys_seconds{seconds{second}})}.year()};
}

}  // namespace millrace::detail
