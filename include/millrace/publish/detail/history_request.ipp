#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <system_error>

#include <millrace/core/timestamp.hpp>
#include <millrace/publish/detail/history_request.hpp>

namespace millrace::detail {

MILLRACE_INLINE history_query parse(const history_request& request, const topic& of,
                                    history_limits limits) {
    const auto integer = [](std::string_view text) -> std::optional<std::int64_t> {
        std::int64_t value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
        return value;
    };
    const auto time = [&](std::string_view text) {
        const auto count = integer(text);
        return count ? timestamp_from(*count, time_format::milliseconds) : parse_rfc3339(text);
    };

    history_query out;
    out.query.limit = limits.default_rows;
    if (request.from) {
        const auto from = time(*request.from);
        if (!from) out.wrong = "from";
        out.query.from = from.value_or(out.query.from);
    }
    if (request.to) {
        const auto to = time(*request.to);
        if (!to) out.wrong = "to";
        out.query.to = to.value_or(out.query.to);
    }
    if (request.limit) {
        const auto limit = integer(*request.limit);
        if (!limit || *limit < 1) out.wrong = "limit";
        out.query.limit = static_cast<std::size_t>(limit.value_or(1));
    }
    out.query.limit = std::min(out.query.limit, limits.max_rows);
    if (request.key) {
        out.query.key = of.canonical_key(*request.key);
        if (!out.query.key) out.wrong = "key";
    }
    return out;
}

}  // namespace millrace::detail
