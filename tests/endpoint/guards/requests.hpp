#pragma once

#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>

#include <millrace/http/request.hpp>

/// A parsed GET request with these header lines beside its Host, "server.example".
inline millrace::http::request get(std::string_view target,
                                   std::initializer_list<std::string_view> lines = {},
                                   std::string_view host = "server.example") {
    std::string text = "GET " + std::string{target} + " HTTP/1.1\r\nHost: " + std::string{host};
    for (const auto line : lines) text.append("\r\n").append(line);
    millrace::http::request request;
    const auto parsed = millrace::http::parse_request(text + "\r\n\r\n", request);
    if (parsed.state != parsed.complete) throw std::invalid_argument{"no request: " + text};
    return request;
}
