#pragma once

#include <millrace/endpoint/detail/http/history.hpp>

namespace millrace::detail {

MILLRACE_INLINE void history::scan(const std::string& client, std::size_t max_rows,
                                   const storage_query& query, const answer& done) {
    const auto job = [this, query, done](const auto& end, const auto& charge) {
        const auto give = [done, end, charge](std::error_code error, std::string body) {
            done(error, std::move(body), charge);
            end();
        };
        try {
            read(query, give);
        } catch (...) {
            give(errc::handler_failed, {});
        }
    };
    if (!turns_.post(client, query.limit, max_rows, job)) done(errc::try_again_later, {}, nullptr);
}

MILLRACE_INLINE history_request parse_history_request(const http::request& request,
                                                      const endpoint_options& options) {
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

    history_request out;
    out.query.limit = options.default_history_rows;
    if (const auto text = request.query("from")) {
        const auto from = time(*text);
        if (!from) out.wrong = "from";
        out.query.from = from.value_or(out.query.from);
    }
    if (const auto text = request.query("to")) {
        const auto to = time(*text);
        if (!to) out.wrong = "to";
        out.query.to = to.value_or(out.query.to);
    }
    if (const auto text = request.query("limit")) {
        const auto limit = integer(*text);
        if (!limit || *limit < 1) out.wrong = "limit";
        out.query.limit = static_cast<std::size_t>(limit.value_or(1));
    }
    out.query.limit = std::min(out.query.limit, options.max_history_rows);
    return out;
}

}  // namespace millrace::detail
