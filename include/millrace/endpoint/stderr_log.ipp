#pragma once

#include <millrace/endpoint/stderr_log.hpp>

namespace millrace {

MILLRACE_INLINE void append_log_line(std::string& out, timestamp time, const log_entry& entry,
                                     std::uint64_t left_out) {
    append_rfc3339(out, std::chrono::floor<std::chrono::milliseconds>(time));
    out.append(" ").append(name_of(entry.level)).append(" ").append(name_of(entry.what));
    if (entry.connection != 0) out.append(" connection=").append(std::to_string(entry.connection));
    if (!entry.message.empty()) out.push_back(' ');
    detail::append_escaped(out, entry.message,
                           [](unsigned char byte) { return byte >= 0x20 && byte != 0x7f; });
    if (left_out != 0)
        out.append(" (").append(std::to_string(left_out)).append(" more like it left out)");
    out.push_back('\n');
}

}  // namespace millrace
