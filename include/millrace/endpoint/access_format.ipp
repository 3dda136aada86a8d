#pragma once

#include <millrace/endpoint/access_format.hpp>

namespace millrace::detail {

MILLRACE_INLINE void append_quoted(std::string& out, std::string_view text) {
    append_escaped(out, text, [](unsigned char byte) {
        return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
    });
}

MILLRACE_INLINE void append_token(std::string& out, std::string_view text) {
    if (text.empty()) return out.push_back('-');
    for (const char c : text) {
        const bool is_delimiter = c == ' ' || c == '[' || c == ']';
        is_delimiter ? out.push_back('_') : append_quoted(out, {&c, 1});
    }
}

MILLRACE_INLINE void append_log_time(std::string& out, timestamp time) {
    constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{std::chrono::floor<std::chrono::seconds>(time - day)};
    char text[64];
    const int size = std::snprintf(
        text, sizeof text, "%02u/%s/%04d:%02d:%02d:%02d +0000", static_cast<unsigned>(date.day()),
        months[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
        static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
        static_cast<int>(clock.seconds().count()));
    out.append(text, static_cast<std::size_t>(size));
}

MILLRACE_INLINE void append_common_access(std::string& out, const access_entry& entry) {
    append_token(out, entry.address);
    out.append(" - ");
    append_token(out, entry.principal);
    out.append(" [");
    append_log_time(out, entry.time);
    out.append("] \"");
    if (entry.method.empty()) {
        out.push_back('-');
    } else {
        append_quoted(out, entry.what == access_entry::kind::closed ? "CLOSE" : entry.method);
        out.push_back(' ');
        append_quoted(out, entry.target);
        out.push_back(' ');
        append_quoted(out, entry.version);
    }
    out.append("\" ").append(std::to_string(entry.status)).push_back(' ');
    out.append(std::to_string(entry.bytes_out));
}

MILLRACE_INLINE void append_json_access(std::string& out, const access_entry& entry) {
    constexpr std::string_view kinds[] = {"request", "opened", "closed"};
    out.append(R"({"time":")");
    append_rfc3339(out, entry.time);
    out.append(R"(","what":")").append(kinds[static_cast<std::size_t>(entry.what)]);
    out.append(R"(","connection":)").append(std::to_string(entry.connection));
    const auto text = [&](std::string_view name, std::string_view value) {
        out.append(",\"").append(name).append("\":");
        append_json_string(out, value);
    };
    text("address", entry.address);
    if (!entry.principal.empty()) text("principal", entry.principal);
    text("method", entry.method);
    text("target", entry.target);
    text("version", entry.version);
    const auto number = [&](std::string_view name, std::uint64_t value) {
        out.append(",\"").append(name).append("\":").append(std::to_string(value));
    };
    number(entry.what == access_entry::kind::closed ? "code" : "status",
           static_cast<std::uint64_t>(entry.status));
    number("bytes_in", entry.bytes_in);
    number("bytes_out", entry.bytes_out);
    char seconds[32];
    const int size = std::snprintf(seconds, sizeof seconds, "%.6f",
                                   std::chrono::duration<double>(entry.took).count());
    out.append(",\"seconds\":").append(seconds, static_cast<std::size_t>(size));
    text("user_agent", entry.user_agent);
    out.push_back('}');
}

}  // namespace millrace::detail

namespace millrace {

MILLRACE_INLINE void append_access_line(std::string& out, const access_entry& entry,
                                        access_format format) {
    if (format == access_format::json) {
        detail::append_json_access(out, entry);
    } else {
        detail::append_common_access(out, entry);
    }
    if (format == access_format::combined) {
        out.append(R"( "-" ")");
        detail::append_quoted(out, entry.user_agent.empty() ? "-" : entry.user_agent);
        out.push_back('"');
    }
    out.push_back('\n');
}

}  // namespace millrace
