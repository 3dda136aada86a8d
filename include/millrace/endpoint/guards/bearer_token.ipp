#pragma once

#include <millrace/endpoint/guards/bearer_token.hpp>

namespace millrace {

MILLRACE_INLINE std::optional<std::string> bearer_token(const http::request& from) {
    std::string_view token = from.header("Authorization");
    if (http::iequals(http::split_off(token, " "), "Bearer")) return std::string{http::trim(token)};
    return from.query("token");
}

}  // namespace millrace
