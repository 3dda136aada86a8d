#pragma once

#include <string>
#include <string_view>

#include <millrace/http/text.hpp>
#include <millrace/transport/address_list.hpp>

namespace millrace::detail {

/// Who a request is from: `peer`, unless that is a trusted proxy and X-Forwarded-For says for whom
/// it speaks. Each proxy appends whom it heard, so the answer is the last address in the header
/// that is not a trusted proxy itself; what stands before it may be forged. An entry that is no
/// address ends the search: the proxy that wrote it is all that is known.
[[nodiscard]] inline std::string forwarded_for(std::string_view header, std::string_view peer,
                                               const address_list& trusted) {
    std::string known{peer};
    while (!header.empty() && trusted.contains(known)) {
        const auto comma = header.rfind(',');
        const bool is_first = comma == std::string_view::npos;
        const auto entry = http::trim(is_first ? header : header.substr(comma + 1));
        header = is_first ? std::string_view{} : header.substr(0, comma);
        if (!parse_ip(entry)) break;
        known = entry;
    }
    return known;
}

}  // namespace millrace::detail
